/*
 * Character back ends: what is at the host's end of a serial line or console.
 *
 * A device (the front end) writes bytes out with chardev_write() and attaches itself to be handed
 * input. Input never arrives on its own: whoever runs the machine calls chardev_fetch() and
 * chardev_push(), at counts of its choosing, so that runs can be repeated.
 */
#ifndef DEVICES_CHARDEV_H
#define DEVICES_CHARDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/state.h"

struct chardev;

/* What the user asked for with an escape key while typing (C-a x and so on). */
enum chardev_key {
	CHARDEV_KEY_QUIT,    /* C-a x */
	CHARDEV_KEY_MONITOR, /* C-a c */
	CHARDEV_KEY_HELP,    /* C-a h */
};

/* The receiving side of a device. */
struct chardev_front {
	/* How many bytes it takes now; 0 while its FIFO is full. */
	size_t (*room)(void *opaque);
	/* Takes length bytes, at most room(). */
	void (*receive)(void *opaque, const uint8_t *bytes, size_t length);
	void *opaque;
};

/*
 * Sees all output before the host does, newest filter first. It hands on what it does not keep with
 * chardev_pass(), now or later. Embedded in its owner.
 */
struct chardev_filter {
	void (*output)(struct chardev_filter *filter, const uint8_t *bytes, size_t length);
	void (*flush)(struct chardev_filter
			      *filter); /* at the end: give up what is held back; may be NULL */
	void *opaque;
	struct chardev_filter *next; /* kept by the chardev */
	struct chardev *chardev;     /* kept by the chardev */
};

/* Constructors. Each returns NULL with the error set (may be NULL) when it fails. */

/*
 * The process's standard input and output. If the input is a terminal it is raw until
 * chardev_free() or the end of the process by whatever signal, and C-a is the escape key.
 */
struct chardev *chardev_stdio_new(struct error *error);
/* Output into a file that is created or emptied; no input. */
struct chardev *chardev_file_new(const char *path, struct error *error);
/* Swallows output; no input. */
struct chardev *chardev_null_new(struct error *error);
/* Keeps output in memory, for tests. */
struct chardev *chardev_buffer_new(struct error *error);
/* The one that a --serial argument names: "stdio", "file:PATH", "null", "buffer". */
struct chardev *chardev_open(const char *spec, struct error *error);

/* Flushes, restores the terminal, closes. NULL is fine. */
void chardev_free(struct chardev *chardev);

/* For front ends. A new front replaces the old one; NULL detaches. */
void chardev_attach(struct chardev *chardev, const struct chardev_front *front);
/* Never fails: output that the host refuses is dropped (chardev_failed()). */
void chardev_write(struct chardev *chardev, const uint8_t *bytes, size_t length);

/* For whoever makes the machine: registers the input that waits as ("chardev", instance). Returns
 * 0, or -1 when memory is out or the instance is taken. The chardev must outlive the registry. */
int chardev_register(struct chardev *chardev, struct state_registry *registry, unsigned instance);

/* For whoever runs the machine. */

/*
 * Reads what the host has, without waiting: at most size bytes into buffer, escape keys taken out
 * and told to the key handler. Returns the number of bytes, 0 if there is nothing now.
 */
size_t chardev_fetch(struct chardev *chardev, uint8_t *buffer, size_t size);
/* Queues input for the front end and delivers what it has room for. Returns the bytes queued,
 * fewer than length when 64 KiB wait already. */
size_t chardev_push(struct chardev *chardev, const uint8_t *bytes, size_t length);
/* Delivers queued input as far as there is room now. Returns the number of bytes delivered. */
size_t chardev_deliver(struct chardev *chardev);
/* Takes queued input away from the front end: for consoles that pull (firmware calls, HTIF).
 * Returns the number of bytes, at most size. */
size_t chardev_take(struct chardev *chardev, uint8_t *buffer, size_t size);
/* Bytes that are queued and not delivered. */
size_t chardev_pending(const struct chardev *chardev);
/* fetch + push: true if anything was delivered. The usual body of machine.poll. */
bool chardev_poll(struct chardev *chardev);
/*
 * Reads what was typed at a terminal, so that the keys for trapline work at once; what is for the
 * guest waits for the next chardev_poll(). Other input is left alone.
 */
void chardev_look_for_keys(struct chardev *chardev);
/*
 * Calls tap with all input from the host, from chardev_poll(), just before the front end can see
 * it: for recording. NULL ends it. chardev_push() is not tapped.
 */
void chardev_tap(struct chardev *chardev,
		 void (*tap)(void *opaque, const uint8_t *bytes, size_t length), void *opaque);
/*
 * From now on input from the host is dropped, as if it had ended; the keys for trapline work. The
 * front end gets what chardev_push() brings: for replays.
 */
void chardev_mute(struct chardev *chardev);
/* The descriptor to wait on for input, or -1. */
int chardev_input_fd(const struct chardev *chardev);
/* True once the input has ended (end of file): nothing will come any more. */
bool chardev_input_ended(const struct chardev *chardev);
/* Hands buffered output to the host. Output is also handed on at each end of line. */
void chardev_flush(struct chardev *chardev);
/* errno of the first failed host write, or 0. */
int chardev_failed(const struct chardev *chardev);

/* Called about every 100 ms while the host takes no output (a pipe that nobody reads). Returns
 * whether to go on waiting; if not, this and all later output is dropped. Without a handler, output
 * waits for as long as it takes. */
void chardev_on_stall(struct chardev *chardev, bool (*handler)(void *opaque), void *opaque);

/* Called from chardev_fetch() for an escape key. Without a handler the keys are dropped; the help
 * text is written to the terminal in any case. */
void chardev_on_key(struct chardev *chardev, void (*handler)(void *opaque, enum chardev_key key),
		    void *opaque);

/* Inserts a filter before all others; it must be removed before it ends. */
void chardev_filter_add(struct chardev *chardev, struct chardev_filter *filter);
void chardev_filter_remove(struct chardev *chardev, struct chardev_filter *filter);
/* For filters: bytes go to the next filter or to the host. */
void chardev_pass(struct chardev_filter *filter, const uint8_t *bytes, size_t length);

/* For tests: the output of a buffer back end so far. Valid until the next write. */
const char *chardev_text(struct chardev *chardev, size_t *length);
/* Empties the output of a buffer back end. */
void chardev_clear(struct chardev *chardev);

#endif

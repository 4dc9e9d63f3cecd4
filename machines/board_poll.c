/* Host input of the virt board, and what to do while the guest idles. */
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "machines/board_impl.h"

/* Longest sleep, so that whoever wraps board_poll() gets its turn. */
#define NAP_NS 100000000ull

bool board_poll_consoles(struct board *board)
{
	bool moved = false;
	for (unsigned i = 0; i < BOARD_CONSOLES; i++)
		if (board_console(board, i))
			moved |= chardev_poll(board_console(board, i));
	return moved;
}

static bool poll_input(struct board *board)
{
	return board->poll_input ? board->poll_input(board->poll_input_opaque)
				 : board_poll_consoles(board);
}

/* The descriptors from which input can still come. */
struct inputs {
	struct pollfd fds[BOARD_CONSOLES];
	unsigned count;
	bool terminal; /* somebody is typing: keep real time */
};

static void add_input(struct inputs *inputs, struct chardev *console)
{
	int fd = console && !chardev_input_ended(console) ? chardev_input_fd(console) : -1;
	if (fd < 0)
		return;
	inputs->fds[inputs->count++] = (struct pollfd){.fd = fd, .events = POLLIN};
	inputs->terminal |= isatty(fd);
}

static uint64_t host_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static void nap(struct inputs *inputs, uint64_t ns)
{
	if (ns > NAP_NS)
		ns = NAP_NS;
	const struct timespec timeout = {.tv_sec = 0, .tv_nsec = (long)ns};
	ppoll(inputs->fds, inputs->count, &timeout, NULL);
}

/*
 * Sleeps for a piece of the virtual time until an event, in real time. Returns true while some of
 * it is left.
 */
static bool wait_for_event(struct board *board, struct inputs *inputs, uint64_t idle_until)
{
	const struct clock *clock = &board->machine.clock;
	uint64_t now = host_ns();
	if (board->idle_until != idle_until) {
		uint64_t wanted = clock_ns_at(clock, idle_until) - clock_ns(clock);
		board->idle_until = idle_until;
		board->idle_deadline = now + wanted < now ? UINT64_MAX : now + wanted;
	}
	if (now >= board->idle_deadline)
		return false;
	nap(inputs, board->idle_deadline - now);
	return true;
}

bool board_poll(void *opaque, bool idle, uint64_t idle_until)
{
	struct board *board = board_of(opaque);
	if (poll_input(board))
		return true;
	if (!idle || board->machine.stop.kind != STOP_NONE)
		return false;
	struct inputs inputs = {.count = 0};
	for (unsigned i = 0; i < BOARD_CONSOLES; i++)
		add_input(&inputs, board_console(board, i));
	/* Without a terminal nobody notices when time leaps to the next event. */
	if (idle_until != CLOCK_NEVER)
		return inputs.terminal && wait_for_event(board, &inputs, idle_until);
	if (!inputs.count)
		return false;
	nap(&inputs, NAP_NS);
	return true;
}

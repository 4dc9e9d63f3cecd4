/*
 * Standard input and output as a back end. On a terminal the input is raw: control characters go
 * to the guest, and C-a is the key to reach trapline itself.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "devices/chardev.h"
#include "devices/chardev_impl.h"

#define ESCAPE_KEY 0x01 /* C-a */

/* Signals that end a process by default: the terminal must be cooked again by then. */
static const int fatal_signals[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL,
};
#define FATAL_SIGNAL_COUNT (sizeof(fatal_signals) / sizeof(fatal_signals[0]))

/*
 * The terminal that is raw now. A terminal and the signal dispositions belong to the process, and
 * a signal handler has no argument to reach anything else: so this one object is static.
 */
static struct {
	volatile sig_atomic_t raw;
	int fd;
	struct termios cooked;
	bool at_exit; /* the exit hook is installed */
} terminal = {.fd = -1};

/* Async-signal-safe. */
static void terminal_restore(void)
{
	if (!terminal.raw)
		return;
	terminal.raw = 0;
	tcsetattr(terminal.fd, TCSADRAIN, &terminal.cooked);
}

static void fatal_signal(int number)
{
	terminal_restore();
	signal(number, SIG_DFL);
	raise(number);
}

/* Signals that somebody handles already are that handler's business. */
static void watch_signals(bool watch)
{
	for (size_t i = 0; i < FATAL_SIGNAL_COUNT; i++) {
		struct sigaction action;
		if (sigaction(fatal_signals[i], NULL, &action))
			continue;
		bool ours = !(action.sa_flags & SA_SIGINFO) && action.sa_handler == fatal_signal;
		bool idle = !(action.sa_flags & SA_SIGINFO) && action.sa_handler == SIG_DFL;
		if (watch ? !idle : !ours)
			continue;
		memset(&action, 0, sizeof(action));
		action.sa_handler = watch ? fatal_signal : SIG_DFL;
		sigaction(fatal_signals[i], &action, NULL);
	}
}

static bool in_foreground(int fd)
{
	pid_t group = tcgetpgrp(fd);
	/* No controlling terminal (a test's pty): nobody can stop us for using it. */
	return group < 0 || group == getpgrp();
}

/* Makes the terminal raw, unless it is already or another chardev has one. */
static void terminal_make_raw(int fd)
{
	if (terminal.raw || tcgetattr(fd, &terminal.cooked))
		return;
	struct termios raw = terminal.cooked;
	raw.c_iflag &= ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	raw.c_lflag &= ~(ECHO | ECHONL | ICANON | IEXTEN | ISIG);
	raw.c_cflag &= ~(CSIZE | PARENB);
	raw.c_cflag |= CS8;
	/* Output processing stays: our own messages use plain newlines. */
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (!terminal.at_exit)
		terminal.at_exit = !atexit(terminal_restore);
	terminal.fd = fd;
	watch_signals(true);
	terminal.raw = 1;
	tcsetattr(fd, TCSANOW, &raw);
}

static void show_help(struct chardev *chardev)
{
	static const char help[] = "\nC-a h  this help\n"
				   "C-a x  quit trapline\n"
				   "C-a C-a  send C-a to the guest\n";
	chardev_flush(chardev);
	chardev_write_fd(chardev, (const uint8_t *)help, sizeof(help) - 1);
}

static void tell_key(struct chardev *chardev, enum chardev_key key)
{
	if (key == CHARDEV_KEY_HELP)
		show_help(chardev);
	if (chardev->key_handler)
		chardev->key_handler(chardev->key_opaque, key);
}

/* The key after C-a. Returns whether it is for the guest. */
static bool escape_key(struct chardev *chardev, uint8_t key)
{
	switch (key) {
	case ESCAPE_KEY: return true;
	case 'x': tell_key(chardev, CHARDEV_KEY_QUIT); break;
	case 'c': tell_key(chardev, CHARDEV_KEY_MONITOR); break;
	case 'h':
	case '?': tell_key(chardev, CHARDEV_KEY_HELP); break;
	}
	return false;
}

/* Takes escape keys out, in place; returns what is left. */
static size_t filter_keys(struct chardev *chardev, uint8_t *bytes, size_t length)
{
	size_t kept = 0;
	for (size_t i = 0; i < length; i++) {
		uint8_t key = bytes[i];
		if (chardev->escape_seen) {
			chardev->escape_seen = false;
			if (escape_key(chardev, key))
				bytes[kept++] = key;
		} else if (key == ESCAPE_KEY) {
			chardev->escape_seen = true;
		} else {
			bytes[kept++] = key;
		}
	}
	return kept;
}

static size_t stdio_read(struct chardev *chardev, uint8_t *buffer, size_t size)
{
	if (chardev->terminal) {
		if (!in_foreground(chardev->input_fd))
			return 0;
		terminal_make_raw(chardev->input_fd);
	}
	struct pollfd ready = {.fd = chardev->input_fd, .events = POLLIN};
	if (poll(&ready, 1, 0) <= 0 || !ready.revents)
		return 0;
	ssize_t count = read(chardev->input_fd, buffer, size);
	if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
		chardev->ended = true;
		return 0;
	}
	if (count < 0)
		return 0;
	return chardev->terminal ? filter_keys(chardev, buffer, count) : (size_t)count;
}

static void stdio_close(struct chardev *chardev)
{
	if (!chardev->terminal || terminal.fd != chardev->input_fd)
		return;
	terminal_restore();
	watch_signals(false);
	terminal.fd = -1;
}

static const struct chardev_backend stdio_backend = {
	.write = chardev_write_fd,
	.read = stdio_read,
	.close = stdio_close,
};

struct chardev *chardev_stdio_on(int input_fd, int output_fd, struct error *error)
{
	struct chardev *chardev = chardev_new(&stdio_backend, error);
	if (!chardev)
		return NULL;
	chardev->input_fd = input_fd;
	chardev->output_fd = output_fd;
	chardev->terminal = isatty(input_fd);
	if (chardev->terminal && in_foreground(input_fd))
		terminal_make_raw(input_fd);
	return chardev;
}

struct chardev *chardev_stdio_new(struct error *error)
{
	return chardev_stdio_on(STDIN_FILENO, STDOUT_FILENO, error);
}

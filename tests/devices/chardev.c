/* Character back ends: queues, filters, files, the terminal. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "devices/chardev.h"
#include "devices/chardev_impl.h"

static void write_text(struct chardev *chardev, const char *text)
{
	chardev_write(chardev, (const uint8_t *)text, strlen(text));
}

static size_t push_text(struct chardev *chardev, const char *text)
{
	return chardev_push(chardev, (const uint8_t *)text, strlen(text));
}

/* A front end with a small buffer. */
struct sink {
	char bytes[32];
	size_t count, limit;
};

static size_t sink_room(void *opaque)
{
	const struct sink *sink = opaque;
	return sink->limit - sink->count;
}

static void sink_receive(void *opaque, const uint8_t *bytes, size_t length)
{
	struct sink *sink = opaque;
	cr_assert_leq(length, sink->limit - sink->count);
	memcpy(sink->bytes + sink->count, bytes, length);
	sink->count += length;
}

Test(chardev, input_obeys_the_room_of_the_front)
{
	struct sink sink = {.limit = 3};
	const struct chardev_front front = {sink_room, sink_receive, &sink};
	struct chardev *chardev = chardev_buffer_new(NULL);
	chardev_attach(chardev, &front);
	cr_assert_eq(push_text(chardev, "abcdefgh"), 8);
	cr_assert_eq(sink.count, 3);
	cr_assert_eq(chardev_pending(chardev), 5);
	sink.limit = 5;
	cr_assert_eq(chardev_deliver(chardev), 2);
	cr_assert_eq(memcmp(sink.bytes, "abcde", 5), 0);
	uint8_t taken[8];
	cr_assert_eq(chardev_take(chardev, taken, sizeof(taken)), 3);
	cr_assert_eq(memcmp(taken, "fgh", 3), 0);
	chardev_attach(chardev, NULL);
	cr_assert_eq(push_text(chardev, "x"), 1);
	cr_assert_eq(chardev_pending(chardev), 1, "kept while nobody is attached");
	chardev_free(chardev);
}

Test(chardev, input_queue_is_bounded)
{
	struct chardev *chardev = chardev_buffer_new(NULL);
	static uint8_t block[100000];
	cr_assert_eq(chardev_push(chardev, block, sizeof(block)), 65536);
	cr_assert_eq(chardev_push(chardev, block, 1), 0);
	chardev_free(chardev);
}

static void upper(struct chardev_filter *filter, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		uint8_t byte = bytes[i] >= 'a' && bytes[i] <= 'z' ? bytes[i] - 32 : bytes[i];
		chardev_pass(filter, &byte, 1);
	}
}

static void without_l(struct chardev_filter *filter, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] != 'L' && bytes[i] != 'l')
			chardev_pass(filter, bytes + i, 1);
}

static void end_mark(struct chardev_filter *filter)
{
	chardev_pass(filter, (const uint8_t *)"#", 1);
}

Test(chardev, filters_chain_newest_first)
{
	struct chardev *chardev = chardev_buffer_new(NULL);
	struct chardev_filter first = {.output = upper};
	struct chardev_filter second = {.output = without_l, .flush = end_mark};
	chardev_filter_add(chardev, &first);
	chardev_filter_add(chardev, &second);
	write_text(chardev, "hello");
	cr_assert_str_eq(chardev_text(chardev, NULL), "HEO");
	chardev_filter_remove(chardev, &second);
	cr_assert_str_eq(chardev_text(chardev, NULL), "HEO#");
	write_text(chardev, "l");
	cr_assert_str_eq(chardev_text(chardev, NULL), "HEO#L");
	chardev_clear(chardev);
	cr_assert_str_eq(chardev_text(chardev, NULL), "");
	chardev_free(chardev);
}

Test(chardev, file_gets_all_output)
{
	char path[] = "/tmp/trapline-test-XXXXXX", spec[64], text[20000] = {0};
	close(mkstemp(path));
	snprintf(spec, sizeof(spec), "file:%s", path);
	struct chardev *chardev = chardev_open(spec, NULL);
	cr_assert_not_null(chardev);
	cr_assert(chardev_input_ended(chardev));
	for (int i = 0; i < 1000; i++)
		write_text(chardev, "0123456789");
	write_text(chardev, "no newline at the end");
	chardev_free(chardev);
	FILE *file = fopen(path, "r");
	cr_assert_eq(fread(text, 1, sizeof(text), file), 10021);
	fclose(file);
	unlink(path);
	cr_assert_str_eq(text + 9990, "0123456789no newline at the end");
}

Test(chardev, a_host_that_refuses_output_is_no_disaster)
{
	struct chardev *chardev = chardev_open("file:/dev/full", NULL);
	cr_assert_not_null(chardev);
	for (int i = 0; i < 2000; i++)
		write_text(chardev, "line\n");
	cr_assert_eq(chardev_failed(chardev), ENOSPC);
	chardev_free(chardev);
}

Test(chardev, unknown_names_are_user_errors)
{
	static const char *const bad[] = {"", "tty", "file:", "file:/nonexistent/x"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error error = {0};
		cr_assert_null(chardev_open(bad[i], &error));
		cr_assert_eq(error.exit_code, EXIT_CODE_USAGE);
	}
	struct chardev *chardev = chardev_open("null", NULL);
	write_text(chardev, "into the void\n");
	cr_assert_eq(chardev_failed(chardev), 0);
	chardev_free(chardev);
}

Test(chardev, pipe_input_is_taken_as_it_is_and_ends)
{
	int pipe_fd[2], sink_fd = open("/dev/null", O_WRONLY);
	cr_assert_eq(pipe(pipe_fd), 0);
	struct chardev *chardev = chardev_stdio_on(pipe_fd[0], sink_fd, NULL);
	uint8_t bytes[16];
	cr_assert_eq(chardev_fetch(chardev, bytes, sizeof(bytes)), 0, "does not wait");
	cr_assert_eq(write(pipe_fd[1], "\001x\003", 3), 3);
	cr_assert_eq(chardev_fetch(chardev, bytes, sizeof(bytes)), 3, "no escape keys here");
	cr_assert(!chardev_input_ended(chardev));
	close(pipe_fd[1]);
	cr_assert_eq(chardev_fetch(chardev, bytes, sizeof(bytes)), 0);
	cr_assert(chardev_input_ended(chardev));
	cr_assert_eq(chardev_input_fd(chardev), -1);
	chardev_free(chardev);
	close(pipe_fd[0]);
	close(sink_fd);
}

static bool wait_once(void *opaque)
{
	return ++*(int *)opaque < 2;
}

Test(chardev, output_that_nobody_reads_can_be_given_up)
{
	int pipe_fd[2], stalls = 0;
	cr_assert_eq(pipe(pipe_fd), 0);
	struct chardev *chardev = chardev_stdio_on(pipe_fd[0], pipe_fd[1], NULL);
	chardev_on_stall(chardev, wait_once, &stalls);
	for (int i = 0; i < 30000; i++)
		write_text(chardev, "0123456789\n");
	cr_assert_eq(stalls, 2);
	cr_assert_eq(chardev_failed(chardev), ECANCELED);
	chardev_free(chardev);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
}

Test(chardev, output_to_a_closed_pipe_fails)
{
	int pipe_fd[2];
	signal(SIGPIPE, SIG_IGN);
	cr_assert_eq(pipe(pipe_fd), 0);
	close(pipe_fd[0]);
	struct chardev *chardev = chardev_stdio_on(0, pipe_fd[1], NULL);
	write_text(chardev, "text\n");
	cr_assert_eq(chardev_failed(chardev), EPIPE);
	chardev_free(chardev);
	close(pipe_fd[1]);
}

/* The terminal, on a pty. */

static int master = -1, slave = -1;
static struct chardev *terminal;
static int keys[4];

static void count_key(void *opaque, enum chardev_key key)
{
	(void)opaque;
	keys[key]++;
}

static void open_terminal(void)
{
	if (openpty(&master, &slave, NULL, NULL, NULL))
		cr_skip_test("no pseudo-terminals here: %s", strerror(errno));
	terminal = chardev_stdio_on(slave, slave, NULL);
	cr_assert_not_null(terminal);
	chardev_on_key(terminal, count_key, NULL);
}

static void close_terminal(void)
{
	chardev_free(terminal);
	close(master);
	close(slave);
}

TestSuite(terminal, .init = open_terminal, .fini = close_terminal);

static size_t typed(const char *text, size_t length, uint8_t *bytes, size_t size)
{
	cr_assert_eq(write(master, text, length), (ssize_t)length);
	return chardev_fetch(terminal, bytes, size);
}

static bool cooked(void)
{
	struct termios state;
	cr_assert_eq(tcgetattr(slave, &state), 0);
	return (state.c_lflag & (ICANON | ECHO | ISIG)) == (ICANON | ECHO | ISIG);
}

Test(terminal, control_characters_go_to_the_guest)
{
	uint8_t bytes[16];
	cr_assert(!cooked());
	cr_assert_eq(typed("\003\032\r\177", 4, bytes, sizeof(bytes)), 4);
	cr_assert_eq(memcmp(bytes, "\003\032\r\177", 4), 0);
}

Test(terminal, escape_keys)
{
	uint8_t bytes[16];
	cr_assert_eq(typed("a\001xb", 4, bytes, sizeof(bytes)), 2);
	cr_assert_eq(memcmp(bytes, "ab", 2), 0);
	cr_assert_eq(keys[CHARDEV_KEY_QUIT], 1);
	cr_assert_eq(typed("\001", 1, bytes, sizeof(bytes)), 0, "waits for the second key");
	cr_assert_eq(typed("c", 1, bytes, sizeof(bytes)), 0);
	cr_assert_eq(keys[CHARDEV_KEY_MONITOR], 1);
	cr_assert_eq(typed("\001\001x", 3, bytes, sizeof(bytes)), 2, "C-a C-a is a literal C-a");
	cr_assert_eq(memcmp(bytes, "\001x", 2), 0);
	cr_assert_eq(typed("\001q", 2, bytes, sizeof(bytes)), 0, "unknown keys are dropped");
	cr_assert_eq(keys[CHARDEV_KEY_QUIT], 1);
}

/* A guest that never reads its input must not keep the user from quitting. */
Test(terminal, keys_work_while_the_queue_is_full)
{
	static uint8_t block[65536];
	cr_assert_eq(chardev_push(terminal, block, sizeof(block)), sizeof(block));
	cr_assert_eq(write(master, "ab\001x", 4), 4);
	chardev_look_for_keys(terminal);
	cr_assert_eq(keys[CHARDEV_KEY_QUIT], 1);
	cr_assert_eq(chardev_pending(terminal), sizeof(block));
}

/* Looking for keys takes nothing from other input: when a guest sees that must not vary. */
Test(chardev, only_terminals_are_looked_at_for_keys)
{
	int ends[2];
	cr_assert_eq(pipe(ends), 0);
	struct chardev *chardev = chardev_stdio_on(ends[0], STDOUT_FILENO, NULL);
	cr_assert_eq(write(ends[1], "\001x", 2), 2);
	chardev_look_for_keys(chardev);
	cr_assert_eq(chardev_pending(chardev), 0);
	chardev_poll(chardev);
	cr_assert_eq(chardev_pending(chardev), 2);
	chardev_free(chardev);
	close(ends[0]);
	close(ends[1]);
}

Test(terminal, help_is_shown)
{
	uint8_t bytes[512];
	typed("\001h", 2, bytes, sizeof(bytes));
	cr_assert_eq(keys[CHARDEV_KEY_HELP], 1);
	ssize_t length = read(master, bytes, sizeof(bytes) - 1);
	cr_assert_gt(length, 0);
	bytes[length] = '\0';
	cr_assert(strstr((char *)bytes, "C-a x"));
}

Test(terminal, is_restored_at_the_end)
{
	chardev_free(terminal);
	cr_assert(cooked());
	terminal = chardev_stdio_on(slave, slave, NULL);
	cr_assert(!cooked());
}

/* A child that dies of a signal, or exits without tidying up, leaves a usable terminal. */
static void expect_restored_after(int signal_number)
{
	chardev_free(terminal);
	terminal = NULL;
	pid_t child = fork();
	if (child == 0) {
		signal(signal_number, SIG_DFL);
		terminal = chardev_stdio_on(slave, slave, NULL);
		if (!terminal || cooked())
			_exit(9);
		if (!signal_number)
			exit(0);
		raise(signal_number);
		_exit(8);
	}
	int status;
	cr_assert_eq(waitpid(child, &status, 0), child);
	if (signal_number)
		cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == signal_number, "0x%x", status);
	else
		cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "0x%x", status);
	cr_assert(cooked());
}

Test(terminal, is_restored_by_SIGTERM)
{
	expect_restored_after(SIGTERM);
}

Test(terminal, is_restored_by_SIGINT)
{
	expect_restored_after(SIGINT);
}

Test(terminal, is_restored_by_SIGSEGV)
{
	expect_restored_after(SIGSEGV);
}

Test(terminal, is_restored_by_exit)
{
	expect_restored_after(0);
}

Test(terminal, signal_handlers_of_others_are_left_alone)
{
	chardev_free(terminal);
	signal(SIGTERM, SIG_IGN);
	terminal = chardev_stdio_on(slave, slave, NULL);
	struct sigaction action;
	sigaction(SIGTERM, NULL, &action);
	cr_assert_eq(action.sa_handler, SIG_IGN);
	sigaction(SIGHUP, NULL, &action);
	cr_assert_neq(action.sa_handler, SIG_DFL);
	chardev_free(terminal);
	terminal = NULL;
	sigaction(SIGHUP, NULL, &action);
	cr_assert_eq(action.sa_handler, SIG_DFL);
}

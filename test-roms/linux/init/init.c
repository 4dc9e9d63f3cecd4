/* The init of a guest that runs one command and then powers off.
 *
 * /.trapline-command holds the command: its arguments, each ended by a NUL;
 * /.trapline-environment, if there, holds NAME=VALUE strings in the same way.
 * Without a command a shell is started.  The status goes to the host as an operating
 * system command on the console, which terminals do not show:
 *	ESC ] trapline;exit=N BEL
 * /.trapline-payload, if there, brings files after the boot: the host fills it in when
 * it sees ESC ] trapline;ready BEL.
 * See ../README.md for the protocol. */
#include "test-roms/linux/sys.h"

#define COMMAND_FILE     "/.trapline-command"
#define ENVIRONMENT_FILE "/.trapline-environment"
#define PAYLOAD_FILE     "/.trapline-payload"
#define CONSOLE_NAMES    "/sys/class/tty/console/active"

enum { TIOCSCTTY = 0x540e, TCSBRK = 0x5409, SYSLOG_CONSOLE_OFF = 6 };
enum { STATUS_CANNOT_EXECUTE = 126, STATUS_NOT_FOUND = 127 };
enum { STRINGS_MAX = 256, FILE_MAX = 32768 };

/* The strings of one of the two files; `vector` ends with NULL. */
struct strings {
	char bytes[FILE_MAX];
	char *vector[STRINGS_MAX + 1];
	size_t count;
};

static struct strings command, environment;
static char *const default_environment[] = {
	"HOME=/root", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"TERM=linux", "PWD=/",
	NULL,
};

struct mount_row {
	const char *type, *where;
	const char *options;
};

static const struct mount_row mounts[] = {
	{"proc",     "/proc",    NULL       },
	{"sysfs",    "/sys",     NULL       },
	{"devtmpfs", "/dev",     NULL       },
	{"devpts",   "/dev/pts", "mode=620" },
	{"tmpfs",    "/dev/shm", "mode=1777"},
	{"tmpfs",    "/run",     "mode=755" },
	{"tmpfs",    "/tmp",     "mode=1777"},
};

static bool bytes_equal(const char *a, const char *b, size_t size)
{
	while (size > 0 && a[size - 1] == b[size - 1])
		size--;
	return size == 0;
}

static long file_read(const char *path, char *bytes, size_t size)
{
	long fd = sys(SYS_openat, AT_FDCWD, path, O_RDONLY);
	if (fd < 0)
		return fd;
	size_t used = 0;
	long got = 0;
	while (used < size && (got = sys(SYS_read, fd, bytes + used, size - used)) > 0)
		used += (size_t)got;
	sys(SYS_close, fd);
	return got < 0 ? got : (long)used;
}

/* False when the file is absent or empty.  A last string without its NUL counts. */
static bool strings_read(struct strings *strings, const char *path)
{
	long size = file_read(path, strings->bytes, FILE_MAX - 1);
	if (size <= 0)
		return false;
	strings->bytes[size] = 0;
	char *end = strings->bytes + size;
	for (char *at = strings->bytes; at < end && strings->count < STRINGS_MAX;) {
		strings->vector[strings->count++] = at;
		at += text_length(at) + 1;
	}
	strings->vector[strings->count] = NULL;
	return true;
}

static void mount_all(void)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		const struct mount_row *row = &mounts[i];
		sys(SYS_mkdirat, AT_FDCWD, row->where, 0755);
		sys(SYS_mount, row->type, row->where, row->type, 0, row->options);
	}
}

/* Open the terminal behind /dev/console, the last name in CONSOLE_NAMES: unlike
 * /dev/console itself it can become a controlling terminal. */
static long console_open(void)
{
	char path[64] = "/dev/";
	char names[48];
	long size = file_read(CONSOLE_NAMES, names, sizeof(names));
	if (size > 1 && names[size - 1] == '\n') {
		long start = --size;
		while (start > 0 && names[start - 1] != ' ')
			start--;
		memcpy(path + 5, names + start, (size_t)(size - start));
		long fd = sys(SYS_openat, AT_FDCWD, path, O_RDWR);
		if (fd >= 0)
			return fd;
	}
	return sys(SYS_openat, AT_FDCWD, "/dev/console", O_RDWR);
}

static void console_use(long fd)
{
	for (int to = 0; to < 3; to++)
		if (fd != to)
			sys(SYS_dup3, fd, to, 0);
	if (fd > 2)
		sys(SYS_close, fd);
}

/* Reap everything until `child` has ended; its status as a shell reports it. */
static int wait_for(long child)
{
	for (;;) {
		int status = 0;
		long pid = sys(SYS_wait4, -1, &status, 0, 0);
		if (pid == child)
			return shell_status(status);
		if (pid < 0 && pid != -EINTR)
			return STATUS_CANNOT_EXECUTE;
	}
}

/*
 * The session's leader waits for the command outside of its reach by keys, and lets the last output
 * out: when the leader ends, the console is hung up and drops what has not been sent.
 */
static void lead(void)
{
	static const long ignore[4] = {1};
	long child = sys(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (child <= 0)
		return;
	sys(SYS_rt_sigaction, SIGINT, ignore, 0, 8);
	sys(SYS_rt_sigaction, SIGQUIT, ignore, 0, 8);
	sys(SYS_rt_sigaction, SIGTSTP, ignore, 0, 8);
	int status = wait_for(child);
	sys(SYS_ioctl, 1, TCSBRK, 1);
	sys_exit(status);
}

static void __attribute__((noreturn)) run(char **vector, char *const *variables)
{
	static const char *const folders[] = {"/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/",
					      "/usr/bin/",        "/sbin/",          "/bin/"};
	const char *name = vector[0];
	long error;

	sys(SYS_setsid);
	sys(SYS_ioctl, 0, TIOCSCTTY, 1);
	lead();
	bool has_slash = false;
	for (const char *at = name; *at; at++)
		has_slash |= *at == '/';
	error = -ENOENT;
	if (has_slash)
		error = sys(SYS_execve, name, vector, variables);
	size_t length = text_length(name);
	for (size_t i = 0; !has_slash && i < sizeof(folders) / sizeof(folders[0]); i++) {
		char path[256];
		size_t folder = text_length(folders[i]);
		if (folder + length >= sizeof(path))
			break;
		memcpy(path, folders[i], folder);
		memcpy(path + folder, name, length + 1);
		long result = sys(SYS_execve, path, vector, variables);
		if (result != -ENOENT)
			error = result;
	}
	print(2, "init: cannot run %s: error %d\n", name, -error);
	sys_exit(error == -ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_EXECUTE);
}

/* Tell the host, with no kernel message in between, then switch the machine off.  The
 * console is opened afresh: the end of the session that ran the command hung it up. */
static void __attribute__((noreturn)) power_off(int status)
{
	sys(SYS_syslog, SYSLOG_CONSOLE_OFF, 0, 0);
	console_use(console_open());
	sys(SYS_ioctl, 1, TCSBRK, 1);
	print(1, "\033]trapline;exit=%d\007", L(status));
	sys(SYS_ioctl, 1, TCSBRK, 1);
	sys(SYS_sync);
	for (;;)
		sys(SYS_reboot, 0xfee1dead, 672274793, 0x4321fedc, 0);
}

/* What the host leaves in the payload file: the magic, the bytes in use, then for each
 * file this header, its name with a NUL, and its content, from a multiple of 8 on. */
struct payload_head {
	char magic[8];
	uint64_t size;
};

struct payload_entry {
	uint32_t mode, name_size;
	uint64_t size;
};

static const char payload_magic[8] = "TLFILES1";

static void payload_unpack(const char *bytes, uint64_t end)
{
	uint64_t at = sizeof(struct payload_head);
	while (end - at >= sizeof(struct payload_entry)) {
		struct payload_entry entry;
		memcpy(&entry, bytes + at, sizeof(entry));
		at += sizeof(entry);
		if (entry.name_size > end - at || entry.size > end - at - entry.name_size)
			return;
		const char *name = bytes + at, *content = name + entry.name_size;
		long fd = sys(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_TRUNC, entry.mode);
		if (fd >= 0) {
			write_all((int)fd, content, entry.size);
			sys(SYS_close, fd);
		}
		at += (entry.name_size + entry.size + 7) & ~7ull;
		if (at > end)
			return;
	}
}

/* The boot is over.  The host saves the machine here, or puts a saved one in its place,
 * and fills in the payload before it lets us go on: read it only then. */
static void payload_receive(void)
{
	struct payload_head head;
	enum { FAR = 1 << 30 };

	if (file_read(PAYLOAD_FILE, NULL, 0) < 0)
		return;
	sys(SYS_ioctl, 1, TCSBRK, 1);
	print(1, "\033]trapline;ready\007");
	sys(SYS_ioctl, 1, TCSBRK, 1);
	long fd = sys(SYS_openat, AT_FDCWD, PAYLOAD_FILE, O_RDONLY);
	if (sys(SYS_read, fd, &head, sizeof(head)) == sizeof(head) && head.size < FAR &&
	    bytes_equal(head.magic, payload_magic, sizeof(payload_magic))) {
		long bytes = sys(SYS_mmap, 0, head.size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (bytes > 0 || bytes < -4095)
			payload_unpack((const char *)bytes, head.size);
	}
	sys(SYS_close, fd);
	sys(SYS_unlinkat, AT_FDCWD, PAYLOAD_FILE, 0);
}

int main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	mount_all();
	console_use(console_open());
	payload_receive();
	if (!strings_read(&command, COMMAND_FILE)) {
		command.vector[0] = (char *)"/bin/sh";
		command.vector[1] = NULL;
	}
	char *const *variables = default_environment;
	if (strings_read(&environment, ENVIRONMENT_FILE))
		variables = environment.vector;
	sys(SYS_chdir, "/");

	long child = process_fork();
	if (child == 0)
		run(command.vector, variables);
	if (child < 0) {
		print(2, "init: cannot fork: error %d\n", -child);
		power_off(STATUS_CANNOT_EXECUTE);
	}
	power_off(wait_for(child));
}

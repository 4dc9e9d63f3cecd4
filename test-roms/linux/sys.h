/* System calls, start code and a little output for the static Linux programs: no C
 * library, so that each is a few kilobytes.  RISC-V 64 and AArch64; another
 * architecture adds its sys_call6() and _start. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers of the generic system call table. */
enum {
	SYS_ioctl = 29,
	SYS_mkdirat = 34,
	SYS_unlinkat = 35,
	SYS_mount = 40,
	SYS_chdir = 49,
	SYS_openat = 56,
	SYS_close = 57,
	SYS_getdents64 = 61,
	SYS_read = 63,
	SYS_write = 64,
	SYS_pread64 = 67,
	SYS_exit_group = 94,
	SYS_nanosleep = 101,
	SYS_syslog = 116,
	SYS_dup3 = 24,
	SYS_kill = 129,
	SYS_rt_sigaction = 134,
	SYS_reboot = 142,
	SYS_setsid = 157,
	SYS_prctl = 167,
	SYS_clone = 220,
	SYS_execve = 221,
	SYS_mmap = 222,
	SYS_riscv_hwprobe = 258,
	SYS_wait4 = 260,
	SYS_sync = 81,
};

enum { AT_FDCWD = -100, O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_NOCTTY = 0400 };
enum { O_CREAT = 0100, O_TRUNC = 01000, O_DIRECTORY = 0200000 };
enum { PROT_READ = 1, PROT_WRITE = 2 };
enum { MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_ANONYMOUS = 0x20 };
enum { EINTR = 4, ENOENT = 2, EINVAL = 22, ENOEXEC = 8 };
enum { SIGINT = 2, SIGQUIT = 3, SIGBUS = 7, SIGKILL = 9, SIGCHLD = 17, SIGTSTP = 20 };

#if defined(__riscv) && __riscv_xlen == 64
static inline long sys_call6(long number, long a, long b, long c, long d, long e, long f)
{
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;
	register long a5 __asm__("a5") = f;
	register long a7 __asm__("a7") = number;
	__asm__ volatile("ecall"
			 : "+r"(a0)
			 : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7)
			 : "memory");
	return a0;
}

/* The stack holds argc, argv..., NULL, envp..., NULL. */
__asm__(".globl _start\n_start:\n\tmv a0, sp\n\tandi sp, sp, -16\n\tcall program_start\n");
#elif defined(__aarch64__)
static inline long sys_call6(long number, long a, long b, long c, long d, long e, long f)
{
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;
	register long x8 __asm__("x8") = number;
	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5), "r"(x8)
			 : "memory");
	return x0;
}

__asm__(".globl _start\n_start:\n\tmov x0, sp\n\tbl program_start\n");
#else
#error "no system call interface for this architecture"
#endif

#define SYS_ARGS(number, a, b, c, d, e, f, ...)                                                    \
	sys_call6(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
/* sys(NUMBER, up to six arguments): the result, or -errno. */
#define sys(...) SYS_ARGS(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

int main(int argc, char **argv, char **envp);

static inline void __attribute__((noreturn)) sys_exit(int status)
{
	for (;;)
		sys(SYS_exit_group, status);
}

void __attribute__((noreturn, used)) program_start(long *stack)
{
	int argc = (int)stack[0];
	char **argv = (char **)&stack[1];
	sys_exit(main(argc, argv, argv + argc + 1));
}

void *memset(void *to, int value, size_t size)
{
	char *bytes = to;
	while (size--)
		*bytes++ = (char)value;
	return to;
}

void *memcpy(void *to, const void *from, size_t size)
{
	char *out = to;
	const char *in = from;
	while (size--)
		*out++ = *in++;
	return to;
}

static inline size_t text_length(const char *text)
{
	size_t length = 0;
	while (text[length])
		length++;
	return length;
}

static inline void write_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		long done = sys(SYS_write, fd, bytes, size);
		if (done == -EINTR)
			continue;
		if (done <= 0)
			return;
		bytes += done;
		size -= (size_t)done;
	}
}

struct line {
	char text[256];
	size_t length;
};

static inline void line_char(struct line *line, char c)
{
	if (line->length < sizeof(line->text))
		line->text[line->length++] = c;
}

static inline void line_number(struct line *line, unsigned long value, unsigned base)
{
	char digits[24];
	unsigned count = 0;
	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (count)
		line_char(line, digits[--count]);
}

/* One write() per call, so that lines of several writers stay whole.  %s %c, and %d %u
 * %x of long arguments. */
static inline void __attribute__((unused)) print(int fd, const char *format, ...)
{
	struct line line = {.length = 0};
	va_list arguments;
	va_start(arguments, format);
	for (; *format; format++) {
		if (*format != '%') {
			line_char(&line, *format);
			continue;
		}
		long value = va_arg(arguments, long);
		switch (*++format) {
		case 'c': line_char(&line, (char)value); break;
		case 's':
			for (const char *text = (const char *)value; *text; text++)
				line_char(&line, *text);
			break;
		case 'd':
			if (value < 0)
				line_char(&line, '-');
			line_number(&line, value < 0 ? -(unsigned long)value : (unsigned long)value,
				    10);
			break;
		case 'u': line_number(&line, (unsigned long)value, 10); break;
		case 'x': line_number(&line, (unsigned long)value, 16); break;
		}
	}
	va_end(arguments);
	write_all(fd, line.text, line.length);
}

/* Small integers must be passed to print() as long. */
#define L(value) ((long)(value))

static inline long process_fork(void)
{
	return sys(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

/* A wait status as a shell reports it: the exit code, or 128 + signal. */
static inline int shell_status(int status)
{
	return (status & 0x7f) ? 128 + (status & 0x7f) : status >> 8 & 0xff;
}

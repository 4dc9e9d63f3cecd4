/*
 * The first program of the benchmarks' Linux guests. The kernel's command line says
 * what it does (words after --):
 *
 *   off                          nothing
 *   guestbench SCALE KERNEL...   each of them
 *   shell                        busybox's shell, whose prompt is the line BENCH shell
 *
 * It prints BENCH init when it starts, and powers off.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

static void run_guestbench(const char *scale, const char *kernel)
{
	pid_t child = fork();
	if (child == 0) {
		execl("/bin/guestbench", "guestbench", scale, kernel, (char *)0);
		_exit(1);
	}
	waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "off";
	puts("BENCH init");
	fflush(stdout);
	if (!strcmp(what, "shell")) {
		setenv("PS1", "BENCH shell\n", 1);
		execl("/bin/busybox", "sh", (char *)0);
		puts("BENCH no shell");
		fflush(stdout);
	}
	if (!strcmp(what, "guestbench"))
		for (int i = 3; i < argc; i++)
			run_guestbench(argv[2], argv[i]);
	reboot(RB_POWER_OFF);
	return 1;
}

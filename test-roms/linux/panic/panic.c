/* Makes the guest kernel panic through /proc/sysrq-trigger: for the exit code and the
 * report of a guest that dies.  Exits with 1 only if that did not work. */
#include "test-roms/linux/sys.h"

int main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	long fd = sys(SYS_openat, AT_FDCWD, "/proc/sysrq-trigger", O_WRONLY);
	long written = fd < 0 ? fd : sys(SYS_write, fd, "c", 1);
	print(2, "panic: /proc/sysrq-trigger: error %d\n", written < 0 ? -written : 0L);
	return 1;
}

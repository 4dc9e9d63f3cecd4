/* The smallest guest command: prints its arguments, or a greeting, and exits 0. */
#include "test-roms/linux/sys.h"

int main(int argc, char **argv, char **envp)
{
	(void)envp;
	if (argc < 2)
		print(1, "hello from the guest\n");
	for (int i = 1; i < argc; i++)
		print(1, "%s%c", argv[i], L(i + 1 < argc ? ' ' : '\n'));
	return 0;
}

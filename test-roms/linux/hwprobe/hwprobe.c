/* What the kernel found out about misaligned accesses: riscv_hwprobe keys 5 and 9 (and
 * 10 for vectors), and the answer of prctl(PR_GET_UNALIGN). */
#include "test-roms/linux/sys.h"

enum { PR_GET_UNALIGN = 5 };

struct probe {
	int64_t key;
	uint64_t value;
};

struct key_row {
	int64_t key;
	const char *name;
};

static const struct key_row keys[] = {
	{5,  "CPUPERF_0"             },
	{9,  "MISALIGNED_SCALAR_PERF"},
	{10, "MISALIGNED_VECTOR_PERF"},
};

static const char *const speeds[] = {"unknown", "emulated", "slow", "fast", "unsupported"};

int main(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct probe probe = {.key = keys[i].key};
		long error = sys(SYS_riscv_hwprobe, &probe, 1, 0, NULL, 0);
		if (error < 0)
			print(1, "hwprobe %d %s: error %d\n", L(keys[i].key), keys[i].name, -error);
		else if (probe.key < 0)
			print(1, "hwprobe %d %s: unknown key\n", L(keys[i].key), keys[i].name);
		else
			print(1, "hwprobe %d %s: %u %s\n", L(keys[i].key), keys[i].name,
			      L(probe.value & 7),
			      (probe.value & 7) < 5 ? speeds[probe.value & 7] : "?");
	}
	unsigned long mode = 0; /* RISC-V kernels store an unsigned long */
	long error = sys(SYS_prctl, PR_GET_UNALIGN, &mode);
	if (error < 0)
		print(1, "prctl PR_GET_UNALIGN: error %d\n", -error);
	else
		print(1, "prctl PR_GET_UNALIGN: %u\n", mode);
	return 0;
}

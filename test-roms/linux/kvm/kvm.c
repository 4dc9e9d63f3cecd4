/* A whole hypervisor's user side in one file: makes a VM of one vCPU and a GICv3 with
 * /dev/kvm, runs guest code at EL1 that traps in every usual way, and prints what comes
 * back.  With any argument the guest is a hypervisor at a virtual EL2 instead, with a guest
 * of its own (KVM in nested mode).  Status 0: all as expected; 1: something was not; 4: no /dev/kvm
 * here. */
#include "test-roms/linux/kvm/abi.h"
#include "test-roms/linux/kvm/guests.h"
#include "test-roms/linux/sys.h"

enum { STATUS_PASS = 0, STATUS_FAIL = 1, STATUS_SKIP = 4 };

/* ---- the user side --------------------------------------------------------------------- */

struct guest {
	const char *begin, *start, *end;
	uint32_t features; /* of the vCPU */
};

static const struct guest plain = {
	guest_begin,
	guest_start,
	guest_end,
	1u << KVM_FEATURE_PSCI_0_2,
};
static const struct guest nested = {
	hypervisor_begin,
	hypervisor_start,
	hypervisor_end,
	1u << KVM_FEATURE_PSCI_0_2 | 1u << KVM_FEATURE_HAS_EL2,
};

struct machine {
	const struct guest *guest;
	long system, vm, vcpu, gic;
	unsigned char *ram;
	volatile struct kvm_run *run;
	unsigned seen; /* checks done */
	bool failed;
};

/* One step of the set-up: prints what failed. */
static bool done(struct machine *machine, const char *what, long result)
{
	if (result >= 0)
		return true;
	print(1, "%s: error %d\n", what, -result);
	machine->failed = true;
	return false;
}

static void check(struct machine *machine, const char *what, uint64_t got, uint64_t expected)
{
	machine->seen++;
	print(1, "  %s 0x%x%s\n", what, got, got == expected ? "" : "  WRONG");
	if (got != expected) {
		print(1, "  expected 0x%x\n", expected);
		machine->failed = true;
	}
}

static long vgic_attribute(struct machine *machine, uint32_t group, uint64_t attribute,
			   uint64_t *value)
{
	struct kvm_attribute set = {
		.group = group,
		.attribute = attribute,
		.address = (uint64_t)value,
	};
	return sys(SYS_ioctl, machine->gic, KVM_SET_DEVICE_ATTR, &set);
}

static bool vgic_new(struct machine *machine)
{
	struct kvm_device device = {.type = KVM_DEVICE_VGIC_V3};
	uint64_t distributor = DISTRIBUTOR, redistributor = REDISTRIBUTOR;

	if (!done(machine, "GICv3", sys(SYS_ioctl, machine->vm, KVM_CREATE_DEVICE, &device)))
		return false;
	machine->gic = device.fd;
	return done(machine, "GICD address",
		    vgic_attribute(machine, VGIC_GROUP_ADDRESS, VGIC_ADDRESS_DISTRIBUTOR,
				   &distributor)) &&
	       done(machine, "GICR address",
		    vgic_attribute(machine, VGIC_GROUP_ADDRESS, VGIC_ADDRESS_REDISTRIBUTOR,
				   &redistributor)) &&
	       done(machine, "GICv3 start",
		    vgic_attribute(machine, VGIC_GROUP_CONTROL, VGIC_CONTROL_INIT, NULL));
}

static bool vm_new(struct machine *machine)
{
	machine->vm = sys(SYS_ioctl, machine->system, KVM_CREATE_VM, 0);
	if (!done(machine, "VM", machine->vm))
		return false;
	machine->ram = (unsigned char *)sys(SYS_mmap, 0, RAM_SIZE, PROT_READ | PROT_WRITE,
					    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memcpy(machine->ram, machine->guest->begin,
	       (size_t)(machine->guest->end - machine->guest->begin));
	struct kvm_region region = {
		.guest_address = RAM,
		.size = RAM_SIZE,
		.user_address = (uint64_t)machine->ram,
	};
	return done(machine, "memory",
		    sys(SYS_ioctl, machine->vm, KVM_SET_USER_MEMORY_REGION, &region));
}

static bool vcpu_new(struct machine *machine)
{
	struct kvm_vcpu_init init;
	long size = sys(SYS_ioctl, machine->system, KVM_GET_VCPU_MMAP_SIZE);

	machine->vcpu = sys(SYS_ioctl, machine->vm, KVM_CREATE_VCPU, 0);
	if (!done(machine, "vCPU", machine->vcpu) ||
	    !done(machine, "target", sys(SYS_ioctl, machine->vm, KVM_ARM_PREFERRED_TARGET, &init)))
		return false;
	init.features[0] |= machine->guest->features;
	machine->run = (void *)sys(SYS_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_SHARED,
				   machine->vcpu, 0);
	return done(machine, "vCPU start", sys(SYS_ioctl, machine->vcpu, KVM_ARM_VCPU_INIT, &init));
}

static long reg(struct machine *machine, unsigned request, uint64_t id, uint64_t *value)
{
	struct kvm_one_reg one = {id, (uint64_t)value};
	return sys(SYS_ioctl, machine->vcpu, request, &one);
}

#define ID_AA64ISAR0_EL1 KVM_REG_SYSTEM(3, 0, 0, 6, 0)

/* The guest starts at its code, and finds another ID_AA64ISAR0_EL1 than the hardware's:
 * without the field TS, FEAT_FlagM. */
static bool registers_set(struct machine *machine, uint64_t *isar0)
{
	uint64_t pc = RAM + (uint64_t)(machine->guest->start - machine->guest->begin);

	if (!done(machine, "PC", reg(machine, KVM_SET_ONE_REG, KVM_REG_CORE(KVM_CORE_PC), &pc)) ||
	    !done(machine, "ID register", reg(machine, KVM_GET_ONE_REG, ID_AA64ISAR0_EL1, isar0)))
		return false;
	*isar0 &= ~(0xfull << 52);
	return done(machine, "ID register", reg(machine, KVM_SET_ONE_REG, ID_AA64ISAR0_EL1, isar0));
}

static void wire_set(struct machine *machine, uint32_t level)
{
	struct kvm_line line = {KVM_IRQ_SPI(WIRE_INTID), level};
	done(machine, "wire", sys(SYS_ioctl, machine->vm, KVM_IRQ_LINE, &line));
}

/* What a guest says.  Of interrupts and of traps of the guest's guest there are two each. */
static void store_seen(struct machine *machine, unsigned offset, uint64_t data, uint64_t isar0,
		       unsigned *turn)
{
	static const uint32_t intids[] = {TIMER_INTID, WIRE_INTID};
	static const uint64_t syndromes[] = {0x6230000f, 0x5a000007};

	switch (offset) {
	case SAY_LEVEL:
		check(machine, "CurrentEL", data, machine->guest == &nested ? 2 << 2 : 1 << 2);
		break;
	case SAY_ISAR0: check(machine, "ID_AA64ISAR0_EL1, trapped:", data, isar0); break;
	case SAY_ACTLR: check(machine, "ACTLR_EL1, trapped:", data, 0); break;
	case SAY_UNDEF: check(machine, "no such register, ESR_EL1", data, 0x02000000); break;
	case SAY_ANSWER: check(machine, "the load gave, plus 1:", data, ANSWER + 1); break;
	case SAY_IRQ: check(machine, "WFI ended, interrupt", data, intids[(*turn)++ & 1]); break;
	case SAY_PSCI: check(machine, "HVC, PSCI version", data >> 16, 1); break;
	case SAY_NESTED_LEVEL: check(machine, "CurrentEL of its guest", data, 1 << 2); break;
	case SAY_NESTED_TRAP:
		check(machine, "its guest's trap, ESR_EL2", data, syndromes[(*turn)++ & 1]);
		break;
	case SAY_WAITING: wire_set(machine, 1); break;
	case SAY_CLEAR: wire_set(machine, 0); break;
	default: check(machine, "store of", data, ~data);
	}
}

/* Runs until the guest powers off. */
static void machine_run(struct machine *machine, uint64_t isar0)
{
	volatile struct kvm_run *run = machine->run;
	unsigned turn = 0;

	while (!machine->failed) {
		long result = sys(SYS_ioctl, machine->vcpu, KVM_RUN, 0);
		if (result == -EINTR)
			continue;
		if (!done(machine, "KVM_RUN", result))
			return;
		if (run->exit_reason == KVM_EXIT_SYSTEM_EVENT) {
			print(1, "exit SYSTEM_EVENT\n");
			check(machine, "PSCI SYSTEM_OFF, type", run->event.type,
			      KVM_SYSTEM_EVENT_SHUTDOWN);
			return;
		}
		if (run->exit_reason != KVM_EXIT_MMIO) {
			print(1, "exit %d: 0x%x\n", L(run->exit_reason), run->words[0]);
			machine->failed = true;
			return;
		}
		unsigned offset = (unsigned)(run->mmio.address - DEVICE);
		print(1, "exit MMIO %s 0x%x, %d bytes\n", run->mmio.is_write ? "store" : "load",
		      run->mmio.address, L(run->mmio.size));
		if (run->mmio.is_write)
			store_seen(machine, offset, run->mmio.data, isar0, &turn);
		else
			run->mmio.data = ANSWER;
	}
}

static bool is_exit_count(const char *name)
{
	for (; *name; name++)
		if (name[0] == 'e' && name[1] == 'x' && name[2] == 'i' && name[3] == 't')
			return true;
	return false;
}

/* Exits that the kernel handled by itself are only counted: those of the vCPU whose
 * names say exit. */
static void statistics_print(struct machine *machine)
{
	struct kvm_stats_header header;
	struct kvm_stats_descriptor row;
	long fd = sys(SYS_ioctl, machine->vcpu, KVM_GET_STATS_FD, 0);

	if (!done(machine, "statistics", fd) ||
	    sys(SYS_pread64, fd, &header, sizeof(header), 0) != sizeof(header) ||
	    header.name_size > sizeof(row.name))
		return;
	size_t size = offsetof(struct kvm_stats_descriptor, name) + header.name_size;
	for (uint32_t i = 0; i < header.count; i++) {
		uint64_t value;
		if (sys(SYS_pread64, fd, &row, size, header.descriptor_offset + i * size) !=
			    (long)size ||
		    row.size != 1 ||
		    sys(SYS_pread64, fd, &value, sizeof(value), header.data_offset + row.offset) !=
			    sizeof(value))
			continue;
		if (is_exit_count(row.name))
			print(1, "%s %d\n", row.name, value);
	}
}

int main(int argc, char **argv, char **envp)
{
	(void)argv, (void)envp;
	struct machine machine = {.guest = argc > 1 ? &nested : &plain};
	uint64_t isar0;

	machine.system = sys(SYS_openat, AT_FDCWD, "/dev/kvm", O_RDWR);
	if (machine.system < 0) {
		print(1, "SKIP: /dev/kvm: error %d\n", -machine.system);
		return STATUS_SKIP;
	}
	if (!vm_new(&machine) || !vcpu_new(&machine) || !vgic_new(&machine) ||
	    !registers_set(&machine, &isar0))
		return STATUS_FAIL;
	machine_run(&machine, isar0);
	statistics_print(&machine);
	print(1, "%s: %u checks\n", machine.failed ? "FAILED" : "PASSED", L(machine.seen));
	return machine.failed ? STATUS_FAIL : STATUS_PASS;
}

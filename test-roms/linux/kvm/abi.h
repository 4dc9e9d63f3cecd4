/* What /dev/kvm of AArch64 takes and gives, as far as kvm.c needs it (Linux,
 * Documentation/virt/kvm/api.rst): the layouts are the kernel's interface. */
#pragma once

#include <stdint.h>

/* ioctl numbers: type 0xae, with the size and direction of the argument. */
enum {
	KVM_GET_API_VERSION = 0xae00,
	KVM_CREATE_VM = 0xae01,
	KVM_GET_VCPU_MMAP_SIZE = 0xae04,
	KVM_CREATE_VCPU = 0xae41,
	KVM_RUN = 0xae80,
	KVM_GET_STATS_FD = 0xaece,
};
#define KVM_SET_USER_MEMORY_REGION 0x4020ae46u
#define KVM_IRQ_LINE               0x4008ae61u
#define KVM_GET_ONE_REG            0x4010aeabu
#define KVM_SET_ONE_REG            0x4010aeacu
#define KVM_ARM_VCPU_INIT          0x4020aeaeu
#define KVM_ARM_PREFERRED_TARGET   0x8020aeafu
#define KVM_CREATE_DEVICE          0xc00caee0u
#define KVM_SET_DEVICE_ATTR        0x4018aee1u

enum { KVM_API_VERSION = 12 };
enum { KVM_EXIT_MMIO = 6, KVM_EXIT_FAIL_ENTRY = 9, KVM_EXIT_INTERNAL = 17 };
enum { KVM_EXIT_SYSTEM_EVENT = 24, KVM_SYSTEM_EVENT_SHUTDOWN = 1 };

struct kvm_region {
	uint32_t slot, flags;
	uint64_t guest_address, size, user_address;
};

struct kvm_vcpu_init {
	uint32_t target, features[7];
};
enum { KVM_FEATURE_PSCI_0_2 = 2, KVM_FEATURE_HAS_EL2 = 7 }; /* bits of features[0] */

struct kvm_one_reg {
	uint64_t id, address;
};
#define KVM_REG_U64         0x6030000000000000ull
#define KVM_REG_CORE(index) (KVM_REG_U64 | 0x0010u << 16 | (index)*2u)
#define KVM_REG_SYSTEM(op0, op1, crn, crm, op2)                                                    \
	(KVM_REG_U64 | 0x0013u << 16 | (op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
enum { KVM_CORE_PC = 32 }; /* in 64-bit words: X0 to X30, SP, PC, PSTATE */

struct kvm_device {
	uint32_t type, fd, flags;
};
struct kvm_attribute {
	uint32_t flags, group;
	uint64_t attribute, address;
};
enum { KVM_DEVICE_VGIC_V3 = 7 };
enum { VGIC_GROUP_ADDRESS = 0, VGIC_ADDRESS_DISTRIBUTOR = 2, VGIC_ADDRESS_REDISTRIBUTOR = 3 };
enum { VGIC_GROUP_CONTROL = 4, VGIC_CONTROL_INIT = 0 };

struct kvm_line {
	uint32_t irq, level;
};
#define KVM_IRQ_SPI(intid) (1u << 24 | (intid))

/* The page that a vCPU shares with its user, from the mmap of its descriptor. */
struct kvm_run {
	uint8_t request[8];
	uint32_t exit_reason;
	uint8_t unused[20];
	union {
		struct {
			uint64_t address;
			uint64_t data;
			uint32_t size;
			uint8_t is_write;
		} mmio;
		struct {
			uint32_t type, count;
			uint64_t data[16];
		} event;
		uint64_t words[32];
	};
};

/* Statistics: a header, descriptors, then values. */
struct kvm_stats_header {
	uint32_t flags, name_size, count, id_offset, descriptor_offset, data_offset;
};
struct kvm_stats_descriptor {
	uint32_t flags;
	int16_t exponent;
	uint16_t size;
	uint32_t offset, bucket_size;
	char name[48]; /* as many bytes as the header's name_size says */
};

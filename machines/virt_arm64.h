/* The map of the AArch64 `virt` board: that of QEMU's machine of this name. Sizes in comments. */
#ifndef MACHINES_VIRT_ARM64_H
#define MACHINES_VIRT_ARM64_H

#define VIRT_ARM64_ROM_BASE      0x0ull /* 0x04000000: flash, read-only; --bios FILE */
#define VIRT_ARM64_ROM_SIZE      0x04000000ull
#define VIRT_ARM64_GIC_BASE      0x08000000ull /* distributor; redistributors behind it */
#define VIRT_ARM64_UART_BASE     0x09000000ull /* 0x1000: PL011 */
#define VIRT_ARM64_RTC_BASE      0x09010000ull /* 0x1000: PL031 */
#define VIRT_ARM64_VIRTIO_BASE   0x0a000000ull /* 0x200 for each slot */
#define VIRT_ARM64_VIRTIO_STRIDE 0x200ull
#define VIRT_ARM64_VIRTIO_SLOTS  32
#define VIRT_ARM64_RAM_BASE      0x40000000ull
#define VIRT_ARM64_FLAT_OFFSET   0x80000ull /* flat binaries start here */

#define VIRT_ARM64_CPUS_MAX 8

/* Shared interrupts: INTID 32 + n. */
#define VIRT_ARM64_UART_IRQ   1
#define VIRT_ARM64_RTC_IRQ    2
#define VIRT_ARM64_VIRTIO_IRQ 16 /* slot n: 16 + n */

#endif

/* The map of the RISC-V `virt` board: that of QEMU's machine of this name. Sizes in comments. */
#ifndef MACHINES_VIRT_RISCV_H
#define MACHINES_VIRT_RISCV_H

#define VIRT_RISCV_ROM_BASE      0x1000ull /* 0xf000: reset vector */
#define VIRT_RISCV_ROM_SIZE      0xf000ull
#define VIRT_RISCV_FINISHER_BASE 0x100000ull   /* 0x1000: sifive_test, syscon */
#define VIRT_RISCV_RTC_BASE      0x101000ull   /* 0x1000: goldfish RTC */
#define VIRT_RISCV_CLINT_BASE    0x2000000ull  /* 0x10000 */
#define VIRT_RISCV_PLIC_BASE     0xc000000ull  /* 0x600000 */
#define VIRT_RISCV_UART_BASE     0x10000000ull /* 0x100 */
#define VIRT_RISCV_VIRTIO_BASE   0x10001000ull /* 0x1000 for each slot */
#define VIRT_RISCV_VIRTIO_STRIDE 0x1000ull
#define VIRT_RISCV_VIRTIO_SLOTS  8
#define VIRT_RISCV_RAM_BASE      0x80000000ull
#define VIRT_RISCV_KERNEL_OFFSET 0x200000ull /* kernels start here, firmware is below */

/* PLIC sources. */
#define VIRT_RISCV_VIRTIO_IRQ 1 /* slot n: 1 + n */
#define VIRT_RISCV_UART_IRQ   10
#define VIRT_RISCV_RTC_IRQ    11

#endif

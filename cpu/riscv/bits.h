/* Fields of the RISC-V CSRs, named and placed as the privileged manual does. */
#ifndef CPU_RISCV_BITS_H
#define CPU_RISCV_BITS_H

#define RV_BIT(n) (1ull << (n))

#define MSTATUS_SIE       RV_BIT(1)
#define MSTATUS_MIE       RV_BIT(3)
#define MSTATUS_SPIE      RV_BIT(5)
#define MSTATUS_MPIE      RV_BIT(7)
#define MSTATUS_SPP       RV_BIT(8)
#define MSTATUS_MPP       (3ull << MSTATUS_MPP_SHIFT)
#define MSTATUS_FS        (3ull << MSTATUS_FS_SHIFT)
#define MSTATUS_MPRV      RV_BIT(17)
#define MSTATUS_SUM       RV_BIT(18)
#define MSTATUS_MXR       RV_BIT(19)
#define MSTATUS_TVM       RV_BIT(20)
#define MSTATUS_TW        RV_BIT(21)
#define MSTATUS_TSR       RV_BIT(22)
#define MSTATUS_UXL_64    (2ull << 32)
#define MSTATUS_SXL_64    (2ull << 34)
#define MSTATUS_SD        RV_BIT(63)
#define MSTATUS_MPP_SHIFT 11
#define MSTATUS_FS_SHIFT  13

/* Values of FS (and VS). */
enum riscv_fs { FS_OFF, FS_INITIAL, FS_CLEAN, FS_DIRTY };

#define ENVCFG_FIOM       RV_BIT(0)
#define ENVCFG_CBIE       (3ull << ENVCFG_CBIE_SHIFT)
#define ENVCFG_CBIE_SHIFT 4
#define ENVCFG_CBCFE      RV_BIT(6)
#define ENVCFG_CBZE       RV_BIT(7)
#define MENVCFG_ADUE      RV_BIT(61)
#define MENVCFG_PBMTE     RV_BIT(62)
#define MENVCFG_STCE      RV_BIT(63)

#define SATP_MODE_SHIFT 60
#define SATP_PPN        ((1ull << 44) - 1)
#define SATP_BARE       0
#define SATP_SV39       8

#define XCAUSE_INTERRUPT RV_BIT(63)
#define XTVEC_MODE       3ull
#define XTVEC_VECTORED   1ull

#define COUNTEREN_CY RV_BIT(0)
#define COUNTEREN_TM RV_BIT(1)
#define COUNTEREN_IR RV_BIT(2)

#define MSTATEEN_SE     RV_BIT(63) /* gates sstateen of the same number */
#define MSTATEEN_ENVCFG RV_BIT(62) /* gates senvcfg */

#define MHPMEVENT_OF  RV_BIT(63)
#define MHPMEVENT_INH (7ull << 60) /* MINH, SINH, UINH */

#define RV_IRQ_BIT(n) RV_BIT(n)
#define RV_IRQ_S_BITS                                                                              \
	(RV_BIT(RV_IRQ_SSI) | RV_BIT(RV_IRQ_STI) | RV_BIT(RV_IRQ_SEI) | RV_BIT(RV_IRQ_LCOFI))
#define RV_IRQ_M_BITS (RV_BIT(RV_IRQ_MSI) | RV_BIT(RV_IRQ_MTI) | RV_BIT(RV_IRQ_MEI))

#define RV_PHYSICAL_BITS 56

#endif

/*
 * Misaligned loads and stores that trap and are not delegated: the firmware does them for S- and
 * U-mode, with the translation and the permissions of the trapped context. What it does not know
 * (LR, SC, AMO ...) goes to S-mode with its original cause, and so does a fault on the way.
 */
#include "engine/engine.h"
#include "engine/softfloat.h"
#include "mmu/mmu.h"
#include "sbi/internal.h"

enum access_kind { LOAD_SIGNED, LOAD_UNSIGNED, LOAD_FLOAT, STORE, STORE_FLOAT };

/* One row per instruction that is emulated (32-bit form; compressed ones are expanded first). */
struct row {
	uint32_t match; /* opcode and funct3: mask 0x707f */
	uint8_t size;
	uint8_t kind;
};

static const struct row rows[] = {
	{0x1003, 2, LOAD_SIGNED  },
        {0x5003, 2, LOAD_UNSIGNED},
        {0x2003, 4, LOAD_SIGNED  },
	{0x6003, 4, LOAD_UNSIGNED},
        {0x3003, 8, LOAD_SIGNED  },
        {0x1007, 2, LOAD_FLOAT   },
	{0x2007, 4, LOAD_FLOAT   },
        {0x3007, 8, LOAD_FLOAT   },
        {0x1023, 2, STORE        },
	{0x2023, 4, STORE        },
        {0x3023, 8, STORE        },
        {0x1027, 2, STORE_FLOAT  },
	{0x2027, 4, STORE_FLOAT  },
        {0x3027, 8, STORE_FLOAT  },
};

static const struct row *find_row(uint32_t insn)
{
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if ((insn & 0x707f) == rows[i].match)
			return &rows[i];
	return NULL;
}

/* Hands the trap to S-mode as if it had been delegated. */
static bool redirect(struct sbi_hart *hart, const struct trap *original, struct trap *trap)
{
	trap->pc = original->pc;
	trap->from = original->from;
	riscv_enter_s(hart->cpu, trap);
	return true;
}

/* A fault of the emulated access; the transformed instruction tells where in it. */
static bool redirect_fault(struct sbi_hart *hart, const struct trap *original)
{
	struct trap fault = hart->cpu->cpu.trap;
	fault.insn = original->insn;
	fault.syndrome = 0;
	if (original->syndrome && original->insn)
		fault.syndrome = riscv_transform_insn((uint32_t)original->insn,
						      fault.value - original->value);
	return redirect(hart, original, &fault);
}

/* Reads the instruction as the trapped context would fetch it; false when that faults. */
static bool fetch_insn(struct cpu *cpu, uint64_t pc, uint32_t *insn)
{
	uint64_t low, high;
	if (!mmu_load_mode(cpu, cpu->fetch_mode, pc, 2, true, &low))
		return false;
	*insn = (uint32_t)low;
	if ((low & 3) != 3)
		return true;
	if (!mmu_load_mode(cpu, cpu->fetch_mode, pc + 2, 2, true, &high))
		return false;
	*insn |= (uint32_t)high << 16;
	return true;
}

static uint64_t extend(uint64_t value, const struct row *row)
{
	unsigned shift = 64 - 8 * row->size;
	if (row->kind == LOAD_SIGNED)
		return (uint64_t)((int64_t)(value << shift) >> shift);
	if (row->kind == LOAD_FLOAT && row->size < 8)
		return value | ~0ull << 8 * row->size;
	return value;
}

/*
 * Virtual time of one emulation: about what M-mode firmware takes to save registers, fetch, decode
 * and move bytes. Guests measure it; an access that costs nothing would look like fast hardware.
 */
#define EMULATION_TICKS 200

bool sbi_emulate_misaligned(struct sbi_hart *hart, struct trap *trap)
{
	struct cpu *cpu = &hart->cpu->cpu;
	const struct trap original = *trap;
	uint32_t bits, insn;

	cpu_charge(cpu, EMULATION_TICKS);

	if (!fetch_insn(cpu, original.pc, &bits))
		return redirect_fault(hart,
				      &(struct trap){.pc = original.pc, .from = original.from});
	unsigned length = (bits & 3) == 3 ? 4 : 2;
	insn = length == 4 ? bits : riscv_expand_compressed((uint16_t)bits);
	const struct row *row = find_row(insn);
	if (!row)
		return redirect(hart, &original, trap);

	unsigned rd = insn >> 7 & 31, rs2 = insn >> 20 & 31;
	uint64_t value;
	if (row->kind == STORE || row->kind == STORE_FLOAT) {
		value = row->kind == STORE ? cpu->r[rs2] : cpu->v[rs2].d[0];
		if (!mmu_store_mode(cpu, cpu->data_mode, original.value, row->size, value))
			return redirect_fault(hart, &original);
	} else {
		if (!mmu_load_mode(cpu, cpu->data_mode, original.value, row->size, false, &value))
			return redirect_fault(hart, &original);
		value = extend(value, row);
		if (row->kind == LOAD_FLOAT) {
			cpu->v[rd].d[0] = value;
			riscv_set_fs_dirty(hart->cpu);
		} else if (rd) {
			cpu->r[rd] = value;
		}
	}
	cpu->pc = original.pc + length;
	return true;
}

#include "board.h"

void board_init(struct board *board, const char *engine)
{
	struct bench *bench = &board->bench;
	struct error error;
	bench_init(bench, engine, NULL);
	board->other = arm64_cpu_new(&bench->machine, &bench->pe->config, 0x80000001);
	cr_assert_not_null(board->other);
	board->other->cpu.stopped = true;
	board->other->cpu.code = bench->pe->cpu.code;
	const struct device_host host = {
		.machine = &bench->machine,
		.clock = &bench->machine.clock,
		.state = &bench->machine.state,
		.log = &bench->machine.log,
		.bus = bench->bus,
		.memory = bench->space,
	};
	const struct irq_line lines[] = {arm64_gic_line(bench->pe), arm64_gic_line(board->other)};
	const struct device_place place = {.base = GICD, .irq = lines, .irq_count = 2};
	const struct gic_v3_config config = {.cpu_count = 2};
	board->gic = device_new(&gic_v3_ops, &host, &place, &config, &error);
	cr_assert_not_null(board->gic);
	cr_assert_eq(device_map(board->gic, bench->root), 0);
	struct arm64_cpu *pes[] = {bench->pe, board->other};
	for (unsigned i = 0; i < 2; i++) {
		arm64_connect_gic(pes[i], gic_v3_distributor(board->gic));
		for (unsigned wire = 0; wire < A64_WIRE_COUNT; wire++)
			arm64_connect_wire(pes[i], wire,
					   gic_v3_ppi(board->gic, i, arm64_wire_intid(wire)));
		arm64_sysreg_set(pes[i], A64_ICC_PMR_EL1, 0xff);
		arm64_sysreg_set(pes[i], A64_ICC_IGRPEN1_EL1, 1);
		board_write(board, SGI + i * GIC_V3_STRIDE + 0x80, UINT32_MAX);
	}
	board_write(board, GICD, 3);
}

void board_fini(struct board *board)
{
	arm64_connect_gic(board->bench.pe, (struct gic_distributor){0});
	arm64_connect_gic(board->other, (struct gic_distributor){0});
	device_free(board->gic);
	arm64_cpu_free(board->other);
	bench_fini(&board->bench);
}

uint32_t board_read(struct board *board, uint64_t address)
{
	return (uint32_t)bench_load(&board->bench, address, 4);
}

void board_write(struct board *board, uint64_t address, uint32_t value)
{
	bench_store(&board->bench, address, 4, value);
}

void board_enable(struct board *board, unsigned intid, uint8_t priority)
{
	uint64_t base = intid < 32 ? SGI : GICD;
	uint64_t word = intid / 32 * 4ull;
	uint32_t bit = 1u << intid % 32;
	board_write(board, base + 0x80 + word, board_read(board, base + 0x80 + word) | bit);
	bench_store(&board->bench, base + 0x400 + intid, 1, priority);
	board_write(board, base + 0x100 + word, bit);
}

uint64_t board_get(struct board *board, enum arm64_sysreg reg)
{
	return arm64_sysreg_get(board->bench.pe, reg);
}

void board_set(struct board *board, enum arm64_sysreg reg, uint64_t value)
{
	arm64_sysreg_set(board->bench.pe, reg, value);
}

void board_wire(struct board *board, unsigned intid, bool level)
{
	struct irq_line line = gic_v3_spi(board->gic, intid - 32);
	irq_set(&line, level);
}

void board_pass(struct board *board, uint64_t ticks)
{
	struct machine *machine = &board->bench.machine;
	machine_run_until(machine, machine->clock.now + ticks);
}

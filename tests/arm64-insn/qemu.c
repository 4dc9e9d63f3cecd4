/*
 * Random instructions on qemu-aarch64 (user emulation), where it is installed, and on every engine
 * here: registers, flags and stack pointer afterwards must be the same.
 *
 * Both run the same machine code: for each instruction under test a frame that loads X0 to X15,
 * NZCV and SP from X28 on, and stores them to X29. For QEMU it stands in an ELF file with a system
 * call for output behind it.
 */
#include <criterion/criterion.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

#define TESTS     1000
#define REGISTERS 16
/* Registers, NZCV, SP. */
#define STATE      (REGISTERS + 2)
#define CODE_BYTES 0x40000
#define IMAGE      0x40000000ull /* where both have it: code, then input, then output */
#define INPUT      (IMAGE + CODE_BYTES)
#define OUTPUT     (INPUT + TESTS * STATE * 8)
#define IMAGE_END  (OUTPUT + TESTS * STATE * 8)

static uint64_t random_state;

static uint64_t operand(void)
{
	static const uint64_t edges[] = {
		0,
		1,
		UINT64_MAX,
		INT64_MAX,
		1ull << 63,
		0x80000000ull,
		0x7fffffffull,
		0xffffffff80000000ull,
		0xffffffffull,
	};
	uint64_t pick = bench_random(&random_state);
	return pick % 3 ? bench_random(&random_state)
			: edges[pick / 3 % (sizeof(edges) / sizeof(*edges))];
}

/* Rows that touch nothing but X0 to X15, NZCV and SP, and that every qemu-aarch64 knows. */
static bool is_candidate(const struct arm64_row *row)
{
	static const unsigned known[] = {A64_FEAT_CRC32, A64_FEAT_FlagM, A64_FEAT_FlagM2};
	bool has = row->need_count == 0;
	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		has |= row->need_count == 1 && row->need[0] == known[i];
	unsigned op0 = arm64_field(row->match, 28, 25);
	bool data = (op0 & 14) == 8 || (op0 & 7) == 5;
	return has && (data || row->need[0] == A64_FEAT_FlagM2);
}

/* Where an instruction's register numbers are: their lowest bits; the rest is 32. */
static void register_fields(uint32_t match, unsigned fields[4])
{
	enum { RD = 0, RN = 5, RA = 10, RM = 16, NONE = 32 };
	unsigned group = arm64_field(match, 28, 23);
	bool immediate = arm64_field(match, 28, 26) == 4;
	bool no_source = (group & 62) == 32 || group == 37; /* ADR, move wide */
	bool three_sources = arm64_field(match, 28, 24) == 27;
	bool funnel = group == 39;
	fields[0] = RD;
	fields[1] = no_source ? NONE : RN;
	fields[2] = immediate && !funnel ? NONE : RM;
	fields[3] = three_sources ? RA : NONE;
}

/* An instance with all registers among X0 to X15, XZR and SP. */
static uint32_t instance(const struct arm64_row *row)
{
	unsigned fields[4];
	register_fields(row->match, fields);
	for (;;) {
		uint32_t word = (uint32_t)bench_random(&random_state);
		for (unsigned i = 0; i < 4; i++)
			if (fields[i] < 32) {
				unsigned number = bench_random(&random_state) % 17;
				number = number == 16 ? 31 : number;
				word = (word & ~(31u << fields[i])) | number << fields[i];
			}
		word = (word & ~row->mask) | row->match;
		/* CRm of AXFLAG and its like should be zero. */
		if (arm64_field(word, 31, 22) == 0x354)
			word &= ~0xf00u;
		if (row->allowed(word))
			return word;
	}
}

struct program {
	uint8_t image[IMAGE_END - IMAGE];
	unsigned words;
	uint32_t tested[TESTS];
	const char *name[TESTS];
};

static void add(struct program *program, uint32_t word)
{
	cr_assert_lt(program->words * 4, CODE_BYTES);
	memcpy(program->image + 4ull * program->words++, &word, 4);
}

/* LDP or STP of X(first) and the next one, at X(base) + 8 * slot. */
static uint32_t pair(bool load, unsigned first, unsigned base, unsigned slot)
{
	return 0xa9000000 | (uint32_t)load << 22 | slot << 15 | (first + 1) << 10 | base << 5 |
	       first;
}

static void add_address(struct program *program, unsigned reg, uint64_t address)
{
	add(program, 0xd2a00000 | (uint32_t)(address >> 16) << 5 | reg);    /* MOVZ, LSL 16 */
	add(program, 0xf2800000 | (uint32_t)(address & 0xffff) << 5 | reg); /* MOVK */
}

static void add_test(struct program *program, uint32_t word)
{
	for (unsigned i = 0; i < REGISTERS; i += 2)
		add(program, pair(true, i, 28, i));
	add(program, pair(true, 16, 28, REGISTERS));
	add(program, 0xd51b4210); /* MSR NZCV, X16 */
	add(program, 0x9100023f); /* MOV SP, X17 */
	add(program, word);
	for (unsigned i = 0; i < REGISTERS; i += 2)
		add(program, pair(false, i, 29, i));
	add(program, 0xd53b4210); /* MRS X16, NZCV */
	add(program, 0x910003f1); /* MOV X17, SP */
	add(program, pair(false, 16, 29, REGISTERS));
	add(program, 0x9100039c | STATE * 8 << 10); /* ADD X28, X28, #... */
	add(program, 0x910003bd | STATE * 8 << 10);
}

static struct program *make_program(void)
{
	struct program *program = calloc(1, sizeof(*program));
	cr_assert_not_null(program);
	add_address(program, 28, INPUT);
	add_address(program, 29, OUTPUT);
	for (unsigned i = 0; i < TESTS;) {
		const struct arm64_row *row =
			&arm64_rows[bench_random(&random_state) % arm64_row_count];
		if (!is_candidate(row))
			continue;
		uint64_t *input = (uint64_t *)(program->image + CODE_BYTES) + (size_t)i * STATE;
		for (unsigned n = 0; n < STATE; n++)
			input[n] = operand();
		input[REGISTERS] &= 0xf0000000;
		program->name[i] = row->name;
		program->tested[i] = instance(row);
		add_test(program, program->tested[i++]);
	}
	return program;
}

/* An executable that is the image and nothing else, with write(1, OUTPUT) and exit(0) at the end.
 */
static void write_elf(struct program *program, const char *path)
{
	unsigned end = program->words;
	add(program, 0xd2800020); /* MOV X0, #1 */
	add_address(program, 1, OUTPUT);
	add_address(program, 2, IMAGE_END - OUTPUT);
	add(program, 0xd2800808); /* MOV X8, #64 */
	add(program, 0xd4000001); /* SVC #0 */
	add(program, 0xd2800000); /* MOV X0, #0 */
	add(program, 0xd2800ba8); /* MOV X8, #93 */
	add(program, 0xd4000001);
	Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_AARCH64,
		.e_version = EV_CURRENT,
		.e_entry = IMAGE,
		.e_phoff = sizeof(header),
		.e_ehsize = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
	};
	Elf64_Phdr segment = {
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_W | PF_X,
		.p_offset = 0x1000,
		.p_vaddr = IMAGE,
		.p_paddr = IMAGE,
		.p_filesz = sizeof(program->image),
		.p_memsz = sizeof(program->image),
		.p_align = 0x1000,
	};
	static const char padding[0x1000 - sizeof(header) - sizeof(segment)];
	FILE *file = fopen(path, "wb");
	cr_assert_not_null(file);
	fwrite(&header, sizeof(header), 1, file);
	fwrite(&segment, sizeof(segment), 1, file);
	fwrite(padding, sizeof(padding), 1, file);
	fwrite(program->image, sizeof(program->image), 1, file);
	cr_assert_eq(fclose(file), 0);
	chmod(path, 0700);
	program->words = end;
}

static bool run_qemu(struct program *program, uint64_t *output)
{
	char path[] = "/tmp/trapline-test-XXXXXX", command[128];
	int fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	close(fd);
	write_elf(program, path);
	snprintf(command, sizeof(command), "qemu-aarch64 -cpu max %s", path);
	FILE *pipe = popen(command, "r"); // NOLINT: a fixed command and a name of ours
	cr_assert_not_null(pipe);
	size_t got = fread(output, STATE * 8, TESTS, pipe);
	int status = pclose(pipe);
	unlink(path);
	return got == TESTS && status == 0;
}

static void run_here(const struct program *program, const char *engine, uint64_t *output)
{
	struct bench bench;
	bench_init(&bench, engine, NULL);
	for (unsigned i = 0; i < sizeof(program->image); i += 8) {
		uint64_t value;
		memcpy(&value, program->image + i, 8);
		bench_store(&bench, IMAGE + i, 8, value);
	}
	bench_store(&bench, IMAGE + 4ull * program->words, 4, 0xd4200000);
	bench.pe->cpu.pc = IMAGE;
	machine_run_until(&bench.machine, program->words + 100);
	cr_assert_eq(bench_elr(&bench), IMAGE + 4ull * program->words,
		     "%s: stopped at %lx, ESR %lx", engine, bench_elr(&bench), bench_esr(&bench));
	for (unsigned i = 0; i < TESTS * STATE; i++)
		output[i] = bench_load(&bench, OUTPUT + 8ull * i, 8);
	bench_fini(&bench);
}

Test(arm64_qemu, integer_instructions_give_the_same)
{
	if (system("qemu-aarch64 --version >/dev/null 2>&1") != 0) // NOLINT: a fixed command
		cr_skip_test("qemu-aarch64 is not installed");
	static uint64_t theirs[TESTS * STATE], ours[TESTS * STATE];
	random_state = 0x853c49e6748fea9bull;
	for (unsigned round = 0; round < 5; round++) {
		struct program *program = make_program();
		cr_assert(run_qemu(program, theirs));
		for (unsigned e = 0; e < BENCH_ENGINES; e++) {
			run_here(program, bench_engines[e], ours);
			for (unsigned i = 0; i < TESTS * STATE; i++)
				cr_assert_eq(ours[i], theirs[i],
					     "%s: %08x %s: state %u is %lx, on QEMU %lx",
					     bench_engines[e], program->tested[i / STATE],
					     program->name[i / STATE], i % STATE, ours[i],
					     theirs[i]);
		}
		free(program);
	}
}

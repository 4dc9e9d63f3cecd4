/*
 * Random SIMD instructions on qemu-aarch64 (user emulation), where it is installed, and on every
 * engine here: vector and general registers, FPSR and memory afterwards must be the same.
 *
 * Both run the same machine code: for each instruction under test a frame that loads V0 to V7 and
 * X0 to X7 from X28 on and stores them to X29. X8 points into a piece of memory behind what is
 * stored, X9 is an index. For QEMU it stands in an ELF file with a system call for output behind
 * it.
 */
#include <criterion/criterion.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/arm64-insn/bench.h"

#define TESTS     800
#define VECTORS   8
#define REGISTERS 8
/* In words of 64 bits. */
#define AT_GENERAL (2 * VECTORS)
#define AT_X8      (AT_GENERAL + REGISTERS) /* X8 afterwards, then FPSR */
#define AT_MEMORY  (AT_X8 + 2)
#define MEMORY     32
#define INPUTS     AT_X8
#define STATE      (AT_MEMORY + MEMORY)
#define CODE_BYTES 0x20000
#define IMAGE      0x40000000ull /* where both have it: code, then input, then output */
#define INPUT      (IMAGE + CODE_BYTES)
#define OUTPUT     (INPUT + TESTS * INPUTS * 8)
#define IMAGE_END  (OUTPUT + TESTS * STATE * 8)

static uint64_t random_state;

/* Rows of one topic. */
struct topic {
	const struct shape {
		uint32_t mask, match;
	} * rows;
	unsigned count;
	bool memory;
};

#define A64(id, name, mask, match, ...) {mask, match},
static const struct shape memory_rows[] = {
#include "cpu/arm64/insn_simd_memory.def"
};
static const struct shape simd_rows[] = {
#include "cpu/arm64/insn_simd.def"
};
static const struct shape crypto_rows[] = {
#include "cpu/arm64/insn_crypto.def"
};
#undef A64
#define TOPIC(array, memory)                                                                       \
	{                                                                                          \
		array, sizeof(array) / sizeof(array[0]), memory                                    \
	}

/* Numbers, full of edges of all lane sizes, and of small numbers for shifts. */
static uint64_t operand(void)
{
	static const uint64_t edges[] = {
		0,
		UINT64_MAX,
		0x8000800080008000,
		0x7fff7fff80007fff,
		0x8080807f80ff0001,
		0x8000000080000000,
		0x7fffffff80000000,
		0x8000000000000000,
		0x7fffffffffffffff,
		0x0001ffff00ff0100,
		0x00000001ffffffff,
	};
	uint64_t pick = bench_random(&random_state), value = bench_random(&random_state);
	switch (pick % 4) {
	case 0: return edges[pick / 4 % (sizeof(edges) / sizeof(*edges))];
	case 1: return value & 0x3f073f0f3f1f0f07; /* shifts to the left */
	case 2: return pick & 4 ? value | 0xf8f0e0c0e0f8e0f0 : value;
	default: return value;
	}
}

/* What QEMU does not know. */
static bool is_candidate(const struct arm64_row *row)
{
	return row && !(row->need_count && row->need[0] == A64_FEAT_LRCPC3);
}

static uint32_t put_field(uint32_t word, unsigned high, unsigned low, uint32_t value)
{
	uint32_t mask = UINT32_MAX >> (31 - (high - low));
	return (word & ~(mask << low)) | (value & mask) << low;
}

/* Addresses around X8, and no pair of the same register. */
static uint32_t confine_access(uint32_t word)
{
	bool structure = arm64_field(word, 29, 25) == 6;
	bool pair = arm64_field(word, 29, 25) == 0x16;
	word = put_field(word, 9, 5, 8);
	if (structure) {
		if (arm64_field(word, 23, 23))
			word = put_field(word, 20, 16, word & 1 << 16 ? 31 : 9);
	} else if (pair) {
		unsigned rt = word & 7, other = arm64_field(word, 12, 10);
		word = put_field(word, 14, 10, other == rt ? rt ^ 1 : other);
		word = put_field(word, 21, 15, (arm64_field(word, 16, 15)) - 2);
	} else if (arm64_field(word, 29, 24) == 0x3d) {
		word = put_field(word, 21, 13, 0);
	} else if (arm64_field(word, 21, 21) && arm64_field(word, 11, 10) == 2) {
		word = put_field(word, 20, 16, 9);
	} else {
		word = put_field(word, 20, 12, (arm64_field(word, 17, 12)) - 32);
	}
	return word;
}

/* An instance whose registers are mostly among those that are set. */
static uint32_t instance(const struct arm64_row *row, bool memory)
{
	for (;;) {
		uint32_t word = (uint32_t)bench_random(&random_state);
		word = put_field(word, 4, 3, 0);
		word = put_field(word, 9, 8, 0);
		if (bench_random(&random_state) % 4)
			word = put_field(word, 19, 19, 0);
		word = (word & ~row->mask) | row->match;
		if (memory && arm64_field(word, 29, 24) != 0x1c)
			word = confine_access(word);
		if (memory && arm64_field(word, 29, 24) == 0x1c) /* literal: around here */
			word = put_field(word, 23, 8, 0);
		word = (word & ~row->mask) | row->match;
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

/* LDP or STP of the registers first and first + 1 at X(base) + 8 * word. */
static uint32_t pair(bool load, unsigned first, unsigned base, unsigned word)
{
	return 0xa9000000 | (uint32_t)load << 22 | word << 15 | (first + 1) << 10 | base << 5 |
	       first;
}
static uint32_t pair_of_vectors(bool load, unsigned first, unsigned base, unsigned word)
{
	return 0xad000000 | (uint32_t)load << 22 | word / 2 << 15 | (first + 1) << 10 | base << 5 |
	       first;
}

static void add_address(struct program *program, unsigned reg, uint64_t address)
{
	add(program, 0xd2a00000 | (uint32_t)(address >> 16) << 5 | reg);    /* MOVZ, LSL 16 */
	add(program, 0xf2800000 | (uint32_t)(address & 0xffff) << 5 | reg); /* MOVK */
}

static void add_test(struct program *program, uint32_t word)
{
	for (unsigned i = 0; i < VECTORS; i += 2)
		add(program, pair_of_vectors(true, i, 28, 2 * i));
	for (unsigned i = 0; i < REGISTERS; i += 2)
		add(program, pair(true, i, 28, AT_GENERAL + i));
	add(program, 0xd51b443f);                                      /* MSR FPSR, XZR */
	add(program, 0x910003a8 | (AT_MEMORY + MEMORY / 2) * 8 << 10); /* ADD X8, X29, #... */
	add(program, 0xd2800009 | 5 << 5);                             /* MOV X9, #5 */
	add(program, word);
	for (unsigned i = 0; i < VECTORS; i += 2)
		add(program, pair_of_vectors(false, i, 29, 2 * i));
	for (unsigned i = 0; i < REGISTERS; i += 2)
		add(program, pair(false, i, 29, AT_GENERAL + i));
	add(program, 0xd53b4429); /* MRS X9, FPSR */
	add(program, pair(false, 8, 29, AT_X8));
	add(program, 0x9100039c | INPUTS * 8 << 10); /* ADD X28, X28, #... */
	add(program, 0x910003bd | STATE * 8 << 10);
}

/* The next TESTS instances: of row after row, from *next on. */
static struct program *make_program(const struct topic *topic, unsigned *next)
{
	struct program *program = calloc(1, sizeof(*program));
	cr_assert_not_null(program);
	add_address(program, 28, INPUT);
	add_address(program, 29, OUTPUT);
	for (unsigned i = 0; i < TESTS;) {
		const struct shape *shape = &topic->rows[(*next)++ % topic->count];
		const char *why;
		const struct arm64_row *row = NULL;
		while (!row || row->match != shape->match) {
			uint32_t word = (uint32_t)bench_random(&random_state);
			row = arm64_decode(NULL, (word & ~shape->mask) | shape->match, &why);
		}
		if (!is_candidate(row))
			continue;
		uint64_t *image = (uint64_t *)program->image;
		uint64_t *input = image + (INPUT - IMAGE) / 8 + (size_t)i * INPUTS;
		uint64_t *output = image + (OUTPUT - IMAGE) / 8 + (size_t)i * STATE;
		for (unsigned n = 0; n < INPUTS; n++)
			input[n] = operand();
		for (unsigned n = 0; n < MEMORY; n++)
			output[AT_MEMORY + n] = operand();
		program->name[i] = row->name;
		program->tested[i] = instance(row, topic->memory);
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
	bench_map_memory(&bench);
	bench.pe->sysreg[A64_CPACR_EL1] = 3 << 20;
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

/* The first word of state that differs, as a failure. */
static void expect_equal(const struct program *program, const char *engine, const uint64_t *ours,
			 const uint64_t *theirs)
{
	unsigned i = 0;
	while (i < TESTS * STATE && ours[i] == theirs[i])
		i++;
	if (i < TESTS * STATE)
		cr_assert_fail("%s: %08x %s: state %u is %lx, on QEMU %lx", engine,
			       program->tested[i / STATE], program->name[i / STATE], i % STATE,
			       ours[i], theirs[i]);
}

/* Each row at least that many times. */
static void compare(const struct topic *topic, unsigned times, uint64_t seed)
{
	static uint64_t theirs[TESTS * STATE], ours[TESTS * STATE];
	random_state = seed;
	for (unsigned next = 0; next < topic->count * times;) {
		struct program *program = make_program(topic, &next);
		cr_assert(run_qemu(program, theirs));
		for (unsigned e = 0; e < BENCH_ENGINES; e++) {
			run_here(program, bench_engines[e], ours);
			expect_equal(program, bench_engines[e], ours, theirs);
		}
		free(program);
	}
}

static void require_qemu(void)
{
	if (system("qemu-aarch64 --version >/dev/null 2>&1") != 0) // NOLINT: a fixed command
		cr_skip_test("qemu-aarch64 is not installed");
}

Test(arm64_simd_qemu, loads_and_stores_give_the_same)
{
	require_qemu();
	compare(&(struct topic)TOPIC(memory_rows, true), 40, 0x853c49e6748fea9bull);
}

Test(arm64_simd_qemu, integer_instructions_give_the_same)
{
	require_qemu();
	compare(&(struct topic)TOPIC(simd_rows, false), 40, 0xda3e39cb94b95bdbull);
}

Test(arm64_simd_qemu, crypto_instructions_give_the_same)
{
	require_qemu();
	compare(&(struct topic)TOPIC(crypto_rows, false), 40, 0x9e3779b97f4a7c15ull);
}

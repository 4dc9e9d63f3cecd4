#include "tests/arm64-insn/peer.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void peer_add(struct peer_program *program, uint32_t word)
{
	cr_assert_lt(program->words * 4, program->code_bytes);
	memcpy(program->image + 4ull * program->words++, &word, 4);
}

static void add_address(struct peer_program *program, unsigned reg, uint64_t address)
{
	peer_add(program, 0xd2a00000 | (uint32_t)(address >> 16) << 5 | reg);    /* MOVZ, LSL 16 */
	peer_add(program, 0xf2800000 | (uint32_t)(address & 0xffff) << 5 | reg); /* MOVK */
}

struct peer_program *peer_new(unsigned code_bytes, unsigned tests, unsigned inputs, unsigned state)
{
	struct peer_program *program = calloc(1, sizeof(*program));
	cr_assert_not_null(program);
	program->code_bytes = code_bytes;
	program->tests = tests;
	program->inputs = inputs;
	program->state = state;
	program->input = PEER_IMAGE + code_bytes;
	program->output = program->input + 8ull * tests * inputs;
	program->size = program->output + 8ull * tests * state - PEER_IMAGE;
	program->image = calloc(1, program->size);
	program->tested = calloc(tests, sizeof(*program->tested));
	program->name = calloc(tests, sizeof(*program->name));
	cr_assert(program->image && program->tested && program->name);
	add_address(program, 28, program->input);
	add_address(program, 29, program->output);
	return program;
}

void peer_free(struct peer_program *program)
{
	free(program->image);
	free(program->tested);
	free(program->name);
	free(program);
}

static uint64_t *words_at(const struct peer_program *program, uint64_t address)
{
	return (uint64_t *)program->image + (address - PEER_IMAGE) / 8;
}

uint64_t *peer_input(const struct peer_program *program, unsigned test)
{
	return words_at(program, program->input) + (size_t)test * program->inputs;
}

uint64_t *peer_output(const struct peer_program *program, unsigned test)
{
	return words_at(program, program->output) + (size_t)test * program->state;
}

uint32_t peer_pair(bool load, unsigned first, unsigned base, unsigned word)
{
	return 0xa9000000 | (uint32_t)load << 22 | word << 15 | (first + 1) << 10 | base << 5 |
	       first;
}

void peer_add_step(struct peer_program *program)
{
	peer_add(program, 0x9100039c | program->inputs * 8 << 10); /* ADD X28, X28, #... */
	peer_add(program, 0x910003bd | program->state * 8 << 10);
}

void peer_require(void)
{
	if (system("qemu-aarch64 --version >/dev/null 2>&1") != 0) // NOLINT: a fixed command
		cr_skip_test("qemu-aarch64 is not installed");
}

/* An executable that is the image and nothing else, with write(1, output) and exit(0) at the end.
 */
static void write_elf(struct peer_program *program, const char *path)
{
	unsigned end = program->words;
	peer_add(program, 0xd2800020); /* MOV X0, #1 */
	add_address(program, 1, program->output);
	add_address(program, 2, 8ull * program->tests * program->state);
	peer_add(program, 0xd2800808); /* MOV X8, #64 */
	peer_add(program, 0xd4000001); /* SVC #0 */
	peer_add(program, 0xd2800000); /* MOV X0, #0 */
	peer_add(program, 0xd2800ba8); /* MOV X8, #93 */
	peer_add(program, 0xd4000001);
	Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_AARCH64,
		.e_version = EV_CURRENT,
		.e_entry = PEER_IMAGE,
		.e_phoff = sizeof(header),
		.e_ehsize = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
	};
	Elf64_Phdr segment = {
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_W | PF_X,
		.p_offset = 0x1000,
		.p_vaddr = PEER_IMAGE,
		.p_paddr = PEER_IMAGE,
		.p_filesz = program->size,
		.p_memsz = program->size,
		.p_align = 0x1000,
	};
	static const char padding[0x1000 - sizeof(header) - sizeof(segment)];
	FILE *file = fopen(path, "wb");
	cr_assert_not_null(file);
	fwrite(&header, sizeof(header), 1, file);
	fwrite(&segment, sizeof(segment), 1, file);
	fwrite(padding, sizeof(padding), 1, file);
	fwrite(program->image, program->size, 1, file);
	cr_assert_eq(fclose(file), 0);
	chmod(path, 0700);
	program->words = end;
}

bool peer_run_qemu(struct peer_program *program, uint64_t *output)
{
	char path[] = "/tmp/trapline-test-XXXXXX", command[128];
	int fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	close(fd);
	write_elf(program, path);
	snprintf(command, sizeof(command), "qemu-aarch64 -cpu max %s", path);
	FILE *pipe = popen(command, "r"); // NOLINT: a fixed command and a name of ours
	cr_assert_not_null(pipe);
	size_t got = fread(output, 8ull * program->state, program->tests, pipe);
	int status = pclose(pipe);
	unlink(path);
	return got == program->tests && status == 0;
}

void peer_run_here(const struct peer_program *program, const char *engine,
		   void (*prepare)(struct bench *bench), uint64_t *output)
{
	struct bench bench;
	bench_init(&bench, engine, NULL);
	if (prepare)
		prepare(&bench);
	for (unsigned i = 0; i < program->size; i += 8) {
		uint64_t value;
		memcpy(&value, program->image + i, 8);
		bench_store(&bench, PEER_IMAGE + i, 8, value);
	}
	bench_store(&bench, PEER_IMAGE + 4ull * program->words, 4, 0xd4200000);
	bench.pe->cpu.pc = PEER_IMAGE;
	machine_run_until(&bench.machine, program->words + 100);
	cr_assert_eq(bench_elr(&bench), PEER_IMAGE + 4ull * program->words,
		     "%s: stopped at %lx, ESR %lx", engine, bench_elr(&bench), bench_esr(&bench));
	for (unsigned i = 0; i < program->tests * program->state; i++)
		output[i] = bench_load(&bench, program->output + 8ull * i, 8);
	bench_fini(&bench);
}

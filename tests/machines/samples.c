#include "tests/machines/samples.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "bus/host.h"

struct blob blob_copy(const void *data, size_t size)
{
	struct blob blob = {.data = malloc(size ? size : 1), .size = size};
	if (size)
		memcpy(blob.data, data, size);
	return blob;
}

/* The file: header, program headers, contents, symbols, strings, section headers. */
struct sample_file {
	Elf64_Ehdr header;
	Elf64_Phdr load[2];
	uint8_t code[8];
	uint8_t data[8];
	Elf64_Sym symbols[7];
	char strings[64];
	Elf64_Shdr sections[4];
};

static Elf64_Sym symbol(uint32_t name, uint64_t value, uint64_t size, int bind, int type)
{
	return (Elf64_Sym){.st_name = name,
			   .st_info = ELF64_ST_INFO(bind, type),
			   .st_shndx = 1,
			   .st_value = value,
			   .st_size = size};
}

struct blob sample_elf(void)
{
	static const char strings[] = "\0_start\0main\0tohost\0fromhost\0$x\0";
	struct sample_file file = {
		.header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			   .e_type = ET_EXEC,
			   .e_machine = EM_RISCV,
			   .e_version = EV_CURRENT,
			   .e_entry = 0x80000000,
			   .e_phoff = offsetof(struct sample_file, load),
			   .e_shoff = offsetof(struct sample_file, sections),
			   .e_ehsize = sizeof(Elf64_Ehdr),
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_phnum = 2,
			   .e_shentsize = sizeof(Elf64_Shdr),
			   .e_shnum = 4,
			   .e_shstrndx = 3},
		.load = {{.p_type = PT_LOAD,
			  .p_offset = offsetof(struct sample_file, code),
			  .p_vaddr = 0x80000000,
			  .p_paddr = 0x80000000,
			  .p_filesz = 8,
			  .p_memsz = 8},
			   {.p_type = PT_LOAD,
			  .p_offset = offsetof(struct sample_file, data),
			  .p_vaddr = 0x80001000,
			  .p_paddr = 0x80001000,
			  .p_filesz = 8,
			  .p_memsz = 0x108}},
		.code = {0x13,				     0,				  0, 0, 0x6f, 0, 0, 0},
		.data = {1,								     2,     3,      4,				      5, 6, 7, 8},
		.sections = {{0},
                           {.sh_type = SHT_PROGBITS,
			      .sh_addr = 0x80000000,
			      .sh_offset = offsetof(struct sample_file, code),
			      .sh_size = 8},
                           {.sh_type = SHT_SYMTAB,
			      .sh_offset = offsetof(struct sample_file, symbols),
			      .sh_size = sizeof(file.symbols),
			      .sh_link = 3,
			      .sh_entsize = sizeof(Elf64_Sym)},
                           {.sh_type = SHT_STRTAB,
			      .sh_offset = offsetof(struct sample_file, strings),
			      .sh_size = sizeof(file.strings)}                               },
	};
	memcpy(file.strings, strings, sizeof(strings));
	file.symbols[1] = symbol(29, 0x80000000, 0, STB_LOCAL, STT_NOTYPE); /* $x */
	file.symbols[2] = symbol(0, 0x80000000, 0, STB_LOCAL, STT_SECTION);
	file.symbols[3] = symbol(1, 0x80000000, 0, STB_GLOBAL, STT_NOTYPE);  /* _start */
	file.symbols[4] = symbol(8, 0x80000004, 4, STB_GLOBAL, STT_FUNC);    /* main */
	file.symbols[5] = symbol(13, 0x80001000, 8, STB_GLOBAL, STT_OBJECT); /* tohost */
	file.symbols[6] = symbol(20, 0x80001040, 8, STB_GLOBAL, STT_OBJECT); /* fromhost */
	return blob_copy(&file, sizeof(file));
}

struct blob sample_linux(void)
{
	uint8_t file[0x400] = {'M', 'Z', 0x6f, 0x10};
	mb_put64le(file + 8, 0x200000);
	mb_put64le(file + 16, 0x4000);
	mb_put32le(file + 32, 2);
	memcpy(file + 48, "RISCV", 5);
	memcpy(file + 56, "RSC\005", 4);
	mb_put32le(file + 60, 0x40);
	memcpy(file + 0x40, "PE\0", 4);
	mb_put16le(file + 0x44, 0x5064);
	mb_put16le(file + 0x46, 1);          /* one section */
	mb_put16le(file + 0x54, 0x20);       /* optional header */
	mb_put32le(file + 0x78 + 16, 0x200); /* raw size */
	mb_put32le(file + 0x78 + 20, 0x200); /* raw offset */
	for (size_t i = 0x200; i < sizeof(file); i++)
		file[i] = (uint8_t)(i * 7);
	return blob_copy(file, sizeof(file));
}

struct blob sample_gzip(const struct blob *plain)
{
	z_stream stream = {0};
	deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
	size_t bound = deflateBound(&stream, plain->size);
	uint8_t *buffer = malloc(bound);
	stream.next_in = plain->data;
	stream.avail_in = (uInt)plain->size;
	stream.next_out = buffer;
	stream.avail_out = (uInt)bound;
	deflate(&stream, Z_FINISH);
	struct blob packed = blob_copy(buffer, stream.total_out);
	deflateEnd(&stream);
	free(buffer);
	return packed;
}

struct blob sample_zstd(const struct blob *plain)
{
	size_t bound = ZSTD_compressBound(plain->size);
	uint8_t *buffer = malloc(bound);
	size_t size = ZSTD_compress(buffer, bound, plain->data, plain->size, 9);
	struct blob packed = blob_copy(buffer, size);
	free(buffer);
	return packed;
}

struct blob sample_zboot(const struct blob *payload, const char *type)
{
	uint8_t *file = calloc(1, 0x100 + payload->size);
	memcpy(file, "MZ\0\0zimg", 8);
	mb_put32le(file + 8, 0x100);
	mb_put32le(file + 12, (uint32_t)payload->size);
	strncpy((char *)file + 24, type, 31);
	memcpy(file + 0x100, payload->data, payload->size);
	struct blob zboot = blob_copy(file, 0x100 + payload->size);
	free(file);
	return zboot;
}

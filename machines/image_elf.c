/* ELF64 images (System V ABI, "Object Files"), read with libelf. */
#include <gelf.h>
#include <inttypes.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#include "machines/image.h"

enum {
	ELF_HEADER_SIZE = 64,
	MAX_SEGMENTS = 1024, /* loadable ones; keeps the pairwise overlap check cheap */
};

static int bad_elf(const struct image *image, uint64_t offset, const char *what,
		   struct error *error)
{
	return error_set(error, EXIT_CODE_BAD_IMAGE, "%s: offset 0x%" PRIx64 ": %s", image->path,
			 offset, what);
}

static bool inside(const struct image *image, uint64_t offset, uint64_t size)
{
	return offset <= image->content.size && size <= image->content.size - offset;
}

/* What must hold before libelf is asked anything. */
static int check_ident(struct image *image, struct error *error)
{
	const uint8_t *data = image->content.data;
	if (image->content.size < ELF_HEADER_SIZE)
		return bad_elf(image, image->content.size,
			       "truncated ELF header, expected 64 bytes", error);
	if (data[EI_CLASS] != ELFCLASS64)
		return bad_elf(image, EI_CLASS, "not a 64-bit ELF file, expected ELFCLASS64",
			       error);
	if (data[EI_DATA] != ELFDATA2LSB)
		return bad_elf(image, EI_DATA, "big-endian ELF file, expected ELFDATA2LSB", error);
	if (data[EI_VERSION] != EV_CURRENT)
		return bad_elf(image, EI_VERSION, "unknown ELF version, expected 1", error);
	return 0;
}

static int check_header(struct image *image, const GElf_Ehdr *header, struct error *error)
{
	switch (header->e_machine) {
	case EM_RISCV: image->arch = IMAGE_ARCH_RISCV64; break;
	case EM_AARCH64: image->arch = IMAGE_ARCH_AARCH64; break;
	case EM_X86_64: image->arch = IMAGE_ARCH_X86_64; break;
	default:
		return error_set(error, EXIT_CODE_BAD_IMAGE,
				 "%s: offset 0x12: ELF machine %u, expected %u (RISC-V), %u "
				 "(AArch64) or %u (x86-64)",
				 image->path, header->e_machine, EM_RISCV, EM_AARCH64, EM_X86_64);
	}
	if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
		return error_set(error, EXIT_CODE_BAD_IMAGE,
				 "%s: offset 0x10: ELF type %u, expected an executable (2 or 3)",
				 image->path, header->e_type);
	image->relocatable = header->e_type == ET_DYN;
	if (!header->e_phnum)
		return bad_elf(image, 0x38, "no program headers, expected loadable segments",
			       error);
	if (header->e_phentsize != sizeof(Elf64_Phdr))
		return bad_elf(image, 0x36, "bad program header size, expected 56", error);
	if (!inside(image, header->e_phoff, (uint64_t)header->e_phnum * sizeof(Elf64_Phdr)))
		return error_set(error, EXIT_CODE_BAD_IMAGE,
				 "%s: offset 0x20: %u program headers at 0x%" PRIx64
				 " are not inside the file of %zu bytes",
				 image->path, header->e_phnum, header->e_phoff,
				 image->content.size);
	if (header->e_shoff &&
	    !inside(image, header->e_shoff, (uint64_t)header->e_shnum * sizeof(Elf64_Shdr)))
		return error_set(error, EXIT_CODE_BAD_IMAGE,
				 "%s: offset 0x28: %u section headers at 0x%" PRIx64
				 " are not inside the file of %zu bytes (truncated?)",
				 image->path, header->e_shnum, header->e_shoff,
				 image->content.size);
	return 0;
}

static int add_segment(struct image *image, const GElf_Phdr *load, uint64_t header_offset,
		       struct error *error)
{
	if (!inside(image, load->p_offset, load->p_filesz))
		return error_set(error, EXIT_CODE_BAD_IMAGE,
				 "%s: offset 0x%" PRIx64 ": segment bytes 0x%" PRIx64 "+0x%" PRIx64
				 " are not inside the file of %zu bytes",
				 image->path, header_offset, load->p_offset, load->p_filesz,
				 image->content.size);
	if (load->p_filesz > load->p_memsz)
		return error_set(error, EXIT_CODE_BAD_IMAGE,
				 "%s: offset 0x%" PRIx64 ": segment has 0x%" PRIx64
				 " bytes in the file, expected at most its 0x%" PRIx64 " in memory",
				 image->path, header_offset, load->p_filesz, load->p_memsz);
	if (load->p_paddr + load->p_memsz < load->p_paddr ||
	    load->p_vaddr + load->p_memsz < load->p_vaddr)
		return bad_elf(image, header_offset,
			       "segment wraps around the address space, "
			       "expected an end below 2^64",
			       error);
	if (image->segment_count == MAX_SEGMENTS)
		return bad_elf(image, header_offset,
			       "too many loadable segments, expected at most "
			       "1024",
			       error);
	image->segments[image->segment_count++] =
		(struct image_segment){.address = load->p_paddr,
				       .offset = load->p_offset,
				       .file_size = load->p_filesz,
				       .memory_size = load->p_memsz};
	return 0;
}

/* The physical address of a virtual one, by the segment that holds it; itself if none does. */
static uint64_t to_physical(Elf *elf, const GElf_Ehdr *header, uint64_t address)
{
	for (unsigned i = 0; i < header->e_phnum; i++) {
		GElf_Phdr load;
		if (gelf_getphdr(elf, (int)i, &load) && load.p_type == PT_LOAD &&
		    address >= load.p_vaddr && address - load.p_vaddr < load.p_memsz)
			return address - load.p_vaddr + load.p_paddr;
	}
	return address;
}

static int read_segments(struct image *image, Elf *elf, const GElf_Ehdr *header,
			 struct error *error)
{
	unsigned count = header->e_phnum < MAX_SEGMENTS ? header->e_phnum : MAX_SEGMENTS;
	image->segments = calloc(count, sizeof(*image->segments));
	if (!image->segments)
		return error_set(error, EXIT_CODE_USAGE, "%s: out of memory", image->path);
	for (unsigned i = 0; i < header->e_phnum; i++) {
		uint64_t at = header->e_phoff + (uint64_t)i * sizeof(Elf64_Phdr);
		GElf_Phdr load;
		if (!gelf_getphdr(elf, (int)i, &load))
			return bad_elf(image, at, elf_errmsg(-1), error);
		if (load.p_type == PT_LOAD && load.p_memsz && add_segment(image, &load, at, error))
			return -1;
	}
	if (!image->segment_count)
		return bad_elf(image, header->e_phoff, "no loadable segment, expected PT_LOAD",
			       error);
	image->entry = to_physical(elf, header, header->e_entry);
	return 0;
}

/* Functions before objects before labels, global before local. */
static unsigned symbol_priority(const GElf_Sym *symbol)
{
	unsigned type = GELF_ST_TYPE(symbol->st_info);
	unsigned rank = type == STT_FUNC ? 0 : type == STT_OBJECT ? 2 : 4;
	return rank + (GELF_ST_BIND(symbol->st_info) == STB_LOCAL);
}

static int add_symbol(struct image *image, Elf *elf, const GElf_Ehdr *header,
		      const GElf_Sym *symbol, const char *name)
{
	unsigned type = GELF_ST_TYPE(symbol->st_info);
	if (symbol->st_shndx == SHN_UNDEF || !*name)
		return 0;
	if (!strcmp(name, "tohost")) {
		image->has_tohost = true;
		image->tohost = to_physical(elf, header, symbol->st_value);
	} else if (!strcmp(name, "fromhost")) {
		image->has_fromhost = true;
		image->fromhost = to_physical(elf, header, symbol->st_value);
	}
	if (symbol->st_shndx == SHN_ABS || type == STT_SECTION || type == STT_FILE ||
	    type == STT_TLS || *name == '$' || !strncmp(name, ".L", 2))
		return 0;
	return symbol_table_add(&image->symbols, name, symbol->st_value, symbol->st_size,
				symbol_priority(symbol));
}

static int read_symbol_section(struct image *image, Elf *elf, const GElf_Ehdr *header,
			       Elf_Scn *section, const GElf_Shdr *table)
{
	if (!inside(image, table->sh_offset, table->sh_size))
		return 0;
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = data ? data->d_size / sizeof(Elf64_Sym) : 0;
	for (size_t i = 0; i < count && i < INT32_MAX; i++) {
		GElf_Sym symbol;
		if (!gelf_getsym(data, (int)i, &symbol))
			break;
		const char *name = elf_strptr(elf, table->sh_link, symbol.st_name);
		if (name && add_symbol(image, elf, header, &symbol, name))
			return -1;
	}
	return 0;
}

/* Symbols are an extra: odd tables are skipped, only a lack of memory is an error. */
static int read_symbols(struct image *image, Elf *elf, const GElf_Ehdr *header, struct error *error)
{
	Elf_Scn *section = NULL;
	while (header->e_shoff && (section = elf_nextscn(elf, section))) {
		GElf_Shdr table;
		if (gelf_getshdr(section, &table) && table.sh_type == SHT_SYMTAB &&
		    read_symbol_section(image, elf, header, section, &table))
			return error_set(error, EXIT_CODE_USAGE, "%s: out of memory", image->path);
	}
	symbol_table_sort(&image->symbols);
	return 0;
}

int image_parse_elf(struct image *image, struct error *error)
{
	if (check_ident(image, error))
		return -1;
	elf_version(EV_CURRENT);
	Elf *elf = elf_memory((char *)image->content.data, image->content.size);
	GElf_Ehdr header;
	int status = 0;
	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header))
		status = bad_elf(image, 0, elf_errmsg(-1), error);
	if (!status)
		status = check_header(image, &header, error);
	if (!status)
		status = read_segments(image, elf, &header, error);
	if (!status)
		status = read_symbols(image, elf, &header, error);
	elf_end(elf);
	return status;
}

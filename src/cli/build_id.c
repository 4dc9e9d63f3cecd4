#include "src/cli/build_id.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct search {
	char *text;
	size_t size;
	int found;
};

static size_t padded(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

static void print_hex(struct search *search, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count && 2 * i + 2 < search->size; i++)
		snprintf(search->text + 2 * i, 3, "%02x", bytes[i]);
	search->found = count > 0;
}

/* Notes of one segment: header, name, descriptor, each padded to four bytes. */
static void search_notes(struct search *search, const uint8_t *notes, size_t size)
{
	while (size >= sizeof(ElfW(Nhdr))) {
		ElfW(Nhdr) header;
		memcpy(&header, notes, sizeof(header));
		size_t name = padded(header.n_namesz), whole = sizeof(header) + name;
		whole += padded(header.n_descsz);
		if (whole > size)
			return;
		if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == 4 &&
		    !memcmp(notes + sizeof(header), "GNU", 4)) {
			print_hex(search, notes + sizeof(header) + name, header.n_descsz);
			return;
		}
		notes += whole;
		size -= whole;
	}
}

/* The first object is the program itself. */
static int search_object(struct dl_phdr_info *info, size_t size, void *opaque)
{
	struct search *search = opaque;
	(void)size;
	for (unsigned i = 0; i < info->dlpi_phnum && !search->found; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		if (segment->p_type == PT_NOTE)
			search_notes(search, (const uint8_t *)(info->dlpi_addr + segment->p_vaddr),
				     segment->p_memsz);
	}
	return 1;
}

const char *build_id(char *text, size_t size)
{
	struct search search = {text, size, 0};
	dl_iterate_phdr(search_object, &search);
	return search.found ? text : NULL;
}

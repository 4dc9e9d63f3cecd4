/* Symbols of an ELF image, for traces and for finding tohost. */
#ifndef MACHINES_SYMBOLS_H
#define MACHINES_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

struct symbol {
	uint64_t address;
	uint64_t size;     /* 0: unknown */
	char *name;        /* owned by the table */
	unsigned priority; /* of several at one address the lowest stays */
};

/* Sorted by address; one symbol per address. Zeroed is an empty table. */
struct symbol_table {
	struct symbol *symbols;
	size_t count, capacity;
};

/* Copies name. Returns 0, or -1 when memory is out. Call symbol_table_sort() after the last one. */
int symbol_table_add(struct symbol_table *table, const char *name, uint64_t address, uint64_t size,
		     unsigned priority);

/* Sorts by address and drops all but the best symbol of each address. */
void symbol_table_sort(struct symbol_table *table);

/*
 * The symbol that holds an address: the last one at or below it, unless it has a size and ends
 * before. *offset (may be NULL) gets address minus its start. NULL if there is none. table may be
 * NULL.
 */
const struct symbol *symbol_table_find(const struct symbol_table *table, uint64_t address,
				       uint64_t *offset);

/* The symbol of that name, or NULL. Linear. table may be NULL. */
const struct symbol *symbol_table_named(const struct symbol_table *table, const char *name);

void symbol_table_fini(struct symbol_table *table);

#endif

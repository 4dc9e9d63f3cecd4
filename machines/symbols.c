#include "machines/symbols.h"

#include <stdlib.h>
#include <string.h>

int symbol_table_add(struct symbol_table *table, const char *name, uint64_t address, uint64_t size,
		     unsigned priority)
{
	if (table->count == table->capacity) {
		size_t capacity = table->capacity ? 2 * table->capacity : 16;
		void *grown = realloc(table->symbols, capacity * sizeof(*table->symbols));
		if (!grown)
			return -1;
		table->symbols = grown;
		table->capacity = capacity;
	}
	char *copy = strdup(name);
	if (!copy)
		return -1;
	table->symbols[table->count++] = (struct symbol){
		.address = address, .size = size, .name = copy, .priority = priority};
	return 0;
}

/* Names break the last tie, so that the result does not depend on qsort(). */
static int compare_symbols(const void *a, const void *b)
{
	const struct symbol *left = a, *right = b;
	if (left->address != right->address)
		return left->address < right->address ? -1 : 1;
	if (left->priority != right->priority)
		return left->priority < right->priority ? -1 : 1;
	return strcmp(left->name, right->name);
}

void symbol_table_sort(struct symbol_table *table)
{
	if (!table->count)
		return;
	qsort(table->symbols, table->count, sizeof(*table->symbols), compare_symbols);
	size_t kept = 1;
	for (size_t i = 1; i < table->count; i++) {
		if (table->symbols[i].address == table->symbols[kept - 1].address)
			free(table->symbols[i].name);
		else
			table->symbols[kept++] = table->symbols[i];
	}
	table->count = kept;
}

const struct symbol *symbol_table_find(const struct symbol_table *table, uint64_t address,
				       uint64_t *offset)
{
	if (!table || !table->count || address < table->symbols[0].address)
		return NULL;
	size_t low = 0, high = table->count; /* symbols[low] <= address < symbols[high] */
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (table->symbols[middle].address <= address)
			low = middle;
		else
			high = middle;
	}
	const struct symbol *symbol = &table->symbols[low];
	uint64_t distance = address - symbol->address;
	if (symbol->size && distance >= symbol->size)
		return NULL;
	if (offset)
		*offset = distance;
	return symbol;
}

const struct symbol *symbol_table_named(const struct symbol_table *table, const char *name)
{
	for (size_t i = 0; table && i < table->count; i++)
		if (!strcmp(table->symbols[i].name, name))
			return &table->symbols[i];
	return NULL;
}

void symbol_table_fini(struct symbol_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->symbols[i].name);
	free(table->symbols);
	*table = (struct symbol_table){0};
}

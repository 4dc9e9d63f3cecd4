/*
 * device_tree_check(): is a flattened device tree consistent, and has it what Linux requires of a
 * RISC-V machine? (Devicetree Specification 0.4; Linux riscv/cpus.yaml, riscv/extensions.yaml.)
 */
#include <inttypes.h>
#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machines/board.h"

enum {
	MAX_NODES = 8192, /* siblings are compared pairwise */
	MAX_DEPTH = 64,
	MAX_TEXT = 200,
	ROOT = 0,
};

struct node {
	int offset, parent; /* parent: index, -1 for the root */
	const char *name;
	uint32_t phandle; /* 0: none */
};

struct checker {
	const void *fdt;
	const char *name; /* of the file */
	struct error *error;
	struct node *nodes;
	int count;
};

/* An error at a node; the text is made printable, because it quotes the tree. */
__attribute__((format(printf, 3, 4))) static int bad_node(struct checker *checker, int index,
							  const char *format, ...)
{
	char path[MAX_TEXT] = "?", text[MAX_TEXT];
	fdt_get_path(checker->fdt, checker->nodes[index].offset, path, sizeof(path));
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	struct error raw = {0};
	error_set(&raw, EXIT_CODE_BAD_IMAGE, "%s: offset 0x%x: node %s: %s", checker->name,
		  checker->nodes[index].offset, path, text);
	for (char *c = raw.text; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return error_set(checker->error, EXIT_CODE_BAD_IMAGE, "%s", raw.text);
}

/* A property's bytes, or NULL; *length is then 0. */
static const uint8_t *property(const struct checker *checker, int index, const char *name,
			       int *length)
{
	const void *value = fdt_getprop(checker->fdt, checker->nodes[index].offset, name, length);
	if (!value)
		*length = 0;
	return value;
}

static uint32_t cell(const uint8_t *bytes)
{
	return fdt32_ld((const fdt32_t *)bytes);
}

/* A one-cell property: its value, or fallback if it is absent. */
static int get_cell(struct checker *checker, int index, const char *name, uint32_t fallback,
		    uint32_t *value)
{
	int length;
	const uint8_t *bytes = property(checker, index, name, &length);
	*value = fallback;
	if (!bytes)
		return 0;
	if (length != 4)
		return bad_node(checker, index, "%s has %d bytes, expected 4", name, length);
	*value = cell(bytes);
	return 0;
}

static bool has_string(const uint8_t *list, int length, const char *wanted)
{
	return list && fdt_stringlist_contains((const char *)list, length, wanted);
}

/* A property that is one NUL-terminated string, or NULL. */
static const char *get_string(const struct checker *checker, int index, const char *name)
{
	int length;
	const uint8_t *bytes = property(checker, index, name, &length);
	if (!bytes || !length || bytes[length - 1])
		return NULL;
	return (const char *)bytes;
}

static int collect(struct checker *checker)
{
	int depth = -1, offset = -1, stack[MAX_DEPTH];
	while ((offset = fdt_next_node(checker->fdt, offset, &depth)) >= 0 && depth >= 0) {
		if (checker->count == MAX_NODES || depth >= MAX_DEPTH)
			return error_set(checker->error, EXIT_CODE_BAD_IMAGE,
					 "%s: offset 0x%x: device tree too large, expected at most "
					 "%d nodes in %d levels",
					 checker->name, offset, MAX_NODES, MAX_DEPTH);
		const char *name = fdt_get_name(checker->fdt, offset, NULL);
		checker->nodes[checker->count] =
			(struct node){.offset = offset,
				      .parent = depth ? stack[depth - 1] : -1,
				      .name = name ? name : ""};
		stack[depth] = checker->count++;
	}
	if (offset < 0 && offset != -FDT_ERR_NOTFOUND)
		return error_set(checker->error, EXIT_CODE_BAD_IMAGE,
				 "%s: offset 0: bad structure (%s)", checker->name,
				 fdt_strerror(offset));
	return 0;
}

static int find_phandle(const struct checker *checker, uint32_t phandle)
{
	for (int i = 0; phandle && i < checker->count; i++)
		if (checker->nodes[i].phandle == phandle)
			return i;
	return -1;
}

static int check_identity(struct checker *checker)
{
	for (int i = 0; i < checker->count; i++) {
		struct node *node = &checker->nodes[i];
		uint32_t phandle;
		if (get_cell(checker, i, "phandle", 0, &phandle))
			return -1;
		int other = find_phandle(checker, phandle);
		if (other >= 0)
			return bad_node(checker, i,
					"phandle %u is that of %s too, expected a "
					"unique one",
					phandle, checker->nodes[other].name);
		node->phandle = phandle;
		for (int j = 0; j < i; j++)
			if (checker->nodes[j].parent == node->parent &&
			    !strcmp(checker->nodes[j].name, node->name))
				return bad_node(checker, i,
						"second node of this name, expected "
						"unique names");
	}
	return 0;
}

/* How many cells of address and size the children of a node use in reg. */
static int get_cells(struct checker *checker, int parent, unsigned *address, unsigned *size)
{
	uint32_t wide, deep;
	if (get_cell(checker, parent, "#address-cells", 2, &wide) ||
	    get_cell(checker, parent, "#size-cells", 1, &deep))
		return -1;
	if (wide > 3 || deep > 2)
		return bad_node(checker, parent,
				"#address-cells %u and #size-cells %u, expected "
				"at most 3 and 2",
				wide, deep);
	*address = wide;
	*size = deep;
	return 0;
}

/* The low 64 bits of a number of count cells. */
static uint64_t number(const uint8_t *bytes, unsigned count)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < count; i++)
		value = value << 32 | cell(bytes + 4 * i);
	return value;
}

static int check_reg(struct checker *checker, int index)
{
	const struct node *node = &checker->nodes[index];
	unsigned address = 0, size = 0;
	int length;
	if (get_cells(checker, node->parent, &address, &size))
		return -1;
	const uint8_t *reg = property(checker, index, "reg", &length);
	const char *unit = strchr(node->name, '@');
	if (!reg && unit)
		return bad_node(checker, index, "has a unit address and no reg, expected both");
	if (!reg)
		return 0;
	unsigned entry = 4 * (address + size);
	if (!entry || !length || length % (int)entry)
		return bad_node(checker, index, "reg has %d bytes, expected a multiple of %u",
				length, entry);
	if (!unit)
		return bad_node(checker, index, "has reg and no unit address, expected both");
	if (strtoull(unit + 1, NULL, 16) != number(reg, address))
		return bad_node(checker, index, "unit address is not that of reg, 0x%" PRIx64,
				number(reg, address));
	return 0;
}

static bool first_range(struct checker *checker, int index, uint64_t *first, uint64_t *size)
{
	unsigned address_cells = 0, size_cells = 0;
	int length;
	const uint8_t *reg = property(checker, index, "reg", &length);
	if (!reg || get_cells(checker, checker->nodes[index].parent, &address_cells, &size_cells))
		return false;
	*first = number(reg, address_cells);
	*size = number(reg + 4 * address_cells, size_cells);
	return *size > 0;
}

static int check_overlaps(struct checker *checker, int index)
{
	uint64_t first, size, other_first, other_size;
	if (!first_range(checker, index, &first, &size))
		return 0;
	if (first + size - 1 < first)
		return bad_node(checker, index, "reg wraps around the address space");
	for (int j = 0; j < index; j++)
		if (checker->nodes[j].parent == checker->nodes[index].parent &&
		    first_range(checker, j, &other_first, &other_size) &&
		    first <= other_first + (other_size - 1) && other_first <= first + (size - 1))
			return bad_node(checker, index,
					"reg overlaps that of %s, expected "
					"disjoint ranges",
					checker->nodes[j].name);
	return 0;
}

static int check_reference(struct checker *checker, int index, const char *name, int *target)
{
	uint32_t phandle;
	if (get_cell(checker, index, name, 0, &phandle))
		return -1;
	*target = -1;
	if (!phandle)
		return 0;
	*target = find_phandle(checker, phandle);
	return *target >= 0 ? 0
			    : bad_node(checker, index,
				       "%s refers to phandle %u, expected one that "
				       "a node has",
				       name, phandle);
}

/* The node whose controller takes the interrupts of index; -1 if none is named. */
static int interrupt_parent(struct checker *checker, int index, int *controller)
{
	for (int i = index; i >= 0; i = checker->nodes[i].parent) {
		if (check_reference(checker, i, "interrupt-parent", controller))
			return -1;
		if (*controller >= 0)
			return 0;
	}
	return 0;
}

static int specifier_cells(struct checker *checker, int index, int controller, uint32_t *cells)
{
	int length;
	if (!property(checker, controller, "interrupt-controller", &length))
		return bad_node(checker, index,
				"interrupts go to %s, expected a node with "
				"interrupt-controller",
				checker->nodes[controller].name);
	if (get_cell(checker, controller, "#interrupt-cells", 0, cells))
		return -1;
	return *cells && *cells <= 8 ? 0
				     : bad_node(checker, controller,
						"#interrupt-cells is %u, expected 1 to 8", *cells);
}

static int check_interrupts(struct checker *checker, int index)
{
	int length, controller;
	uint32_t cells = 0;
	if (!property(checker, index, "interrupts", &length))
		return 0;
	if (interrupt_parent(checker, index, &controller))
		return -1;
	if (controller < 0)
		return bad_node(checker, index, "has interrupts, expected an interrupt-parent");
	if (specifier_cells(checker, index, controller, &cells))
		return -1;
	if (!cells || !length || length % (4 * (int)cells))
		return bad_node(checker, index,
				"interrupts has %d bytes, expected a multiple of "
				"%u",
				length, 4 * cells);
	return 0;
}

static int check_interrupts_extended(struct checker *checker, int index)
{
	int length;
	const uint8_t *list = property(checker, index, "interrupts-extended", &length);
	for (int at = 0; list && at < length;) {
		uint32_t cells;
		int controller = length - at >= 4 ? find_phandle(checker, cell(list + at)) : -1;
		if (controller < 0)
			return bad_node(checker, index,
					"interrupts-extended, byte %d: expected "
					"the phandle of a node",
					at);
		if (specifier_cells(checker, index, controller, &cells))
			return -1;
		at += 4 + 4 * (int)cells;
		if (at > length)
			return bad_node(checker, index,
					"interrupts-extended has %d bytes, "
					"expected %d",
					length, at);
	}
	return 0;
}

static int check_cache_block(struct checker *checker, int index, const char *extension,
			     const char *name)
{
	int length;
	uint32_t size;
	const uint8_t *list = property(checker, index, "riscv,isa-extensions", &length);
	if (!has_string(list, length, extension))
		return 0;
	if (get_cell(checker, index, name, 0, &size))
		return -1;
	if (!size || size & (size - 1))
		return bad_node(checker, index, "%s is %u, expected a power of two as it has %s",
				name, size, extension);
	return 0;
}

static int check_isa(struct checker *checker, int index)
{
	int length;
	const char *isa = get_string(checker, index, "riscv,isa");
	const char *base = get_string(checker, index, "riscv,isa-base");
	if (!base) {
		if (isa && !strncmp(isa, "rv64ima", 7))
			return 0;
		return bad_node(checker, index,
				"riscv,isa must start with rv64ima when there is "
				"no riscv,isa-base");
	}
	if (strncmp(base, "rv64i", 5) != 0)
		return bad_node(checker, index, "riscv,isa-base is %s, expected rv64i", base);
	const uint8_t *list = property(checker, index, "riscv,isa-extensions", &length);
	static const char *const needed[] = {"i", "m", "a"};
	for (unsigned i = 0; i < 3; i++)
		if (!has_string(list, length, needed[i]))
			return bad_node(checker, index,
					"riscv,isa-extensions lacks \"%s\", which "
					"Linux requires",
					needed[i]);
	if (check_cache_block(checker, index, "zicbom", "riscv,cbom-block-size") ||
	    check_cache_block(checker, index, "zicbop", "riscv,cbop-block-size") ||
	    check_cache_block(checker, index, "zicboz", "riscv,cboz-block-size"))
		return -1;
	return 0;
}

static bool is_device_type(const struct checker *checker, int index, const char *type)
{
	const char *found = get_string(checker, index, "device_type");
	return found && !strcmp(found, type);
}

static int check_enable_method(struct checker *checker, int index)
{
	const char *method = get_string(checker, index, "enable-method");
	return method && !strcmp(method, "psci")
		       ? 0
		       : bad_node(checker, index, "enable-method is not \"psci\"");
}

static int check_cpu(struct checker *checker, int index)
{
	int length;
	const uint8_t *compatible = property(checker, index, "compatible", &length);
	if (has_string(compatible, length, "arm,armv8"))
		return check_enable_method(checker, index);
	if (!has_string(compatible, length, "riscv"))
		return bad_node(checker, index,
				"compatible lacks \"riscv\" or \"arm,armv8\", "
				"expected of a CPU");
	if (check_isa(checker, index))
		return -1;
	uint32_t timebase;
	if (get_cell(checker, checker->nodes[index].parent, "timebase-frequency", 0, &timebase))
		return -1;
	return timebase ? 0
			: bad_node(checker, checker->nodes[index].parent,
				   "timebase-frequency is missing or 0");
}

static int check_required(struct checker *checker)
{
	unsigned cpus = 0, memories = 0;
	for (int i = 0; i < checker->count; i++) {
		if (is_device_type(checker, i, "memory"))
			memories++;
		if (!is_device_type(checker, i, "cpu"))
			continue;
		cpus++;
		if (check_cpu(checker, i))
			return -1;
	}
	if (!cpus)
		return bad_node(checker, ROOT, "no node with device_type \"cpu\"");
	if (!memories)
		return bad_node(checker, ROOT, "no node with device_type \"memory\"");
	return 0;
}

/* stdout-path: a path or an alias, up to a colon. */
static int check_stdout(struct checker *checker)
{
	int chosen = fdt_path_offset(checker->fdt, "/chosen"), length;
	const char *path =
		chosen < 0 ? NULL : fdt_getprop(checker->fdt, chosen, "stdout-path", &length);
	if (!path)
		return 0;
	int end = 0;
	while (end < length && path[end] && path[end] != ':')
		end++;
	if (fdt_path_offset_namelen(checker->fdt, path, end) < 0)
		return bad_node(checker, ROOT, "stdout-path \"%.*s\" names no node",
				end < MAX_TEXT / 2 ? end : MAX_TEXT / 2, path);
	return 0;
}

static int check_nodes(struct checker *checker)
{
	static const char *const references[] = {"regmap", "cpu", "interrupt-parent", "msi-parent"};
	int target;
	for (int i = 0; i < checker->count; i++) {
		for (unsigned r = 0; r < sizeof(references) / sizeof(references[0]); r++)
			if (check_reference(checker, i, references[r], &target))
				return -1;
		if (check_interrupts(checker, i) || check_interrupts_extended(checker, i))
			return -1;
		if (i != ROOT && (check_reg(checker, i) || check_overlaps(checker, i)))
			return -1;
	}
	return 0;
}

static int check(struct checker *checker)
{
	if (collect(checker))
		return -1;
	if (!checker->count)
		return error_set(checker->error, EXIT_CODE_BAD_IMAGE, "%s: offset 0: no root node",
				 checker->name);
	if (check_identity(checker) || check_nodes(checker) || check_required(checker))
		return -1;
	return check_stdout(checker);
}

int device_tree_check(const void *data, size_t size, const char *name, struct error *error)
{
	int status =
		size < sizeof(struct fdt_header) ? -FDT_ERR_TRUNCATED : fdt_check_full(data, size);
	if (status)
		return error_set(error, EXIT_CODE_BAD_IMAGE,
				 "%s: offset 0: not a flattened device tree (%s)", name,
				 fdt_strerror(status));
	struct checker checker = {.fdt = data, .name = name, .error = error};
	checker.nodes = calloc(MAX_NODES, sizeof(*checker.nodes));
	if (!checker.nodes)
		return error_set(error, EXIT_CODE_USAGE, "%s: out of memory", name);
	status = check(&checker);
	free(checker.nodes);
	return status;
}

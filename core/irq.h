/* An interrupt wire: a level that a device drives and somebody else reacts to. */
#ifndef CORE_IRQ_H
#define CORE_IRQ_H

#include <stdbool.h>

/* Value type; copy freely. A zeroed line is not connected and setting it does nothing. */
struct irq_line {
	void (*set)(void *opaque, unsigned number, bool level);
	void *opaque;
	unsigned number;
};

/* Drives the line. Setting the level that it already has is harmless. */
static inline void irq_set(const struct irq_line *line, bool level)
{
	if (line->set)
		line->set(line->opaque, line->number, level);
}

#endif

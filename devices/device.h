/*
 * A device: one file in devices/, one row in devices/devices.def.
 *
 * A row (struct device_ops) tells everything that a board needs: how big an instance is, its
 * registers, its node in the device tree and its saved state. A board makes an instance with
 * device_new(), puts it on the bus with device_map() and describes it with device_describe(). A
 * device sees the bus, the clock and wires; it never sees a CPU.
 */
#ifndef DEVICES_DEVICE_H
#define DEVICES_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/bus.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/irq.h"
#include "core/log.h"
#include "core/state.h"

struct machine;
struct device;
struct device_fdt;

/* Most wires that one device drives: two per hart of the interrupt controllers, 16 harts. */
#define DEVICE_IRQ_MAX 32

/* One row of the device table. Constant. */
struct device_ops {
	const char *name;     /* "uart16550": also the name of the region and of the state */
	const char *summary;  /* one line for `trapline info devices` */
	size_t object_size;   /* of the instance, which starts with a struct device */
	uint64_t region_size; /* bytes of registers; 0: create() sets device->region itself */
	int priority;         /* of the region against others at the same address; usually 0 */
	const struct mb_ops *registers; /* opaque is the struct device */

	/*
	 * Prepares a zeroed instance from the device's own configuration struct (NULL: defaults).
	 * Returns 0, or -1 with the error set. reset() follows. May be NULL.
	 */
	int (*create)(struct device *device, const void *config, struct error *error);
	/* Gives back what create() took; also called after a failed create(). May be NULL. */
	void (*destroy)(struct device *device);
	/* The state after power-on; drops all wires and cancels all events. May be NULL. */
	void (*reset)(struct device *device);
	/* A wire into the device changed (interrupt controllers). May be NULL. */
	void (*input)(struct device *device, unsigned number, bool level);
	/* Writes the device's node below /soc. May be NULL. */
	void (*fdt)(const struct device *device, struct device_fdt *fdt);
	/* Writes nodes of the root that refer to the device (poweroff). May be NULL. */
	void (*fdt_root)(const struct device *device, struct device_fdt *fdt);

	const struct state_field *fields; /* offsets from the instance */
	size_t field_count;
	unsigned version; /* of the fields */
	void (*loaded)(
		void *device); /* fields were overwritten: redo wires and events. May be NULL */
};

/* What a machine lends to its devices; copied into each, the pointers outlive them. */
struct device_host {
	struct machine *machine; /* for stop requests; NULL in tests that have none */
	struct clock *clock;
	struct state_registry *state; /* NULL: the state is not registered */
	const struct log *log;
	struct mb_bus *bus;
	struct mb_space *memory; /* DMA */
};

/* Where a board puts an instance. */
struct device_place {
	uint64_t base;              /* physical address of the first register */
	uint64_t size;              /* bytes of registers, if fewer than ops->region_size; or 0 */
	unsigned instance;          /* distinguishes several of one kind in the saved state */
	const struct irq_line *irq; /* wires that the device drives, in the device's own order */
	unsigned irq_count;
};

/* The head of every instance. */
struct device {
	const struct device_ops *ops;
	struct device_host host;
	uint64_t base, size;
	unsigned instance;
	struct irq_line irq[DEVICE_IRQ_MAX];
	unsigned irq_count;
	struct mb_region *region;
	struct mb_guard guard; /* set during register accesses and deferred work */
};

/*
 * device_new() - makes and resets an instance.
 * @host: copied
 * @place: base may be left 0 by devices that find their address in their configuration (htif)
 * @config: the struct <device>_config of the device's header, or NULL for its defaults
 * @error: receives the reason when NULL is returned
 * Registers the state as (ops->name, place->instance). The region is not mapped yet.
 */
struct device *device_new(const struct device_ops *ops, const struct device_host *host,
			  const struct device_place *place, const void *config,
			  struct error *error);

/* Ends an instance: unmaps it and cancels its events. The state registry must not be used after. */
void device_free(struct device *device);

/* Attaches the region at device->base of a container that starts at address 0. Returns the result
 * of mb_attach_overlap(). */
int device_map(struct device *device, struct mb_region *parent);

/* Brings the device back to its state after power-on. */
void device_reset(struct device *device);

/* A wire into the device, to be handed to whoever drives it (input `number` of the PLIC...). */
struct irq_line device_input(struct device *device, unsigned number);

/* Drives wire `index` of place->irq; an index beyond irq_count is ignored. */
void device_set_irq(struct device *device, unsigned index, bool level);

/* The table of all devices, in the order of devices.def. */
extern const struct device_ops *const device_table[];
extern const size_t device_table_count;

/* The row with that name, or NULL. */
const struct device_ops *device_find(const char *name);

/* Prototypes of all rows: uart16550_ops and so on. */
#define DEVICE(name) extern const struct device_ops name##_ops;
#include "devices/devices.def"
#undef DEVICE

/*
 * What the board tells a device that writes its node. The blob is being written with libfdt's
 * sequential-write functions. Errors are kept in `error` (a negative FDT_ERR_ value; the first
 * one stays), so that nobody needs to check each call.
 */
struct device_fdt {
	void *blob;
	int error;
	uint32_t phandle;          /* of this node; 0: it gets none */
	uint32_t interrupt_parent; /* phandle; 0: no interrupt properties */
	uint32_t interrupt[4];     /* specifier of the device's first wire */
	unsigned interrupt_cells;  /* how many of them the parent wants; 1 for a PLIC */
	uint32_t clock;            /* phandle of the clock of PrimeCell devices; 0: there is none */
	const uint32_t *cpu_intc;  /* phandle of each hart's local interrupt controller */
	unsigned cpu_count;
};

/* Writes the node below /soc, or nothing if the device has none. */
void device_describe(const struct device *device, struct device_fdt *fdt);

/* Writes the nodes of the root; fdt->phandle is that of the device's own node. */
void device_describe_root(const struct device *device, struct device_fdt *fdt);

/* Helpers for the fdt callbacks; each does nothing once fdt->error is set. */

/* Most cells of one property: four for each of 16 harts. */
#define DEVICE_FDT_CELLS_MAX 64

/* Opens a node with exactly that name and no property. */
void device_fdt_node(struct device_fdt *fdt, const char *name);
/* Opens "name@base" with no property, for nodes with several registers or none of the usual. */
void device_fdt_node_at(const struct device *device, struct device_fdt *fdt, const char *name);
/* Opens "name@base" with reg = <base size> (two cells each), interrupts and phandle. */
void device_fdt_begin(const struct device *device, struct device_fdt *fdt, const char *name,
		      uint64_t size);
void device_fdt_end(struct device_fdt *fdt);
void device_fdt_u32(struct device_fdt *fdt, const char *property, uint32_t value);
void device_fdt_cells(struct device_fdt *fdt, const char *property, const uint32_t *cells,
		      size_t count);
/* strings: one or more strings separated by NUL; length includes the last NUL. */
void device_fdt_strings(struct device_fdt *fdt, const char *property, const char *strings,
			size_t length);
void device_fdt_string(struct device_fdt *fdt, const char *property, const char *string);
/* A property without a value. */
void device_fdt_flag(struct device_fdt *fdt, const char *property);

#endif

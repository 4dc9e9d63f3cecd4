/* virtio over MMIO, version 2: registers, feature negotiation, reset (virtio 1.2 section 4.2). */
#include "devices/virtio_mmio.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/virtio.h"

enum { /* register offsets, table 4.1 */
       MAGIC = 0x000,
       VERSION = 0x004,
       DEVICE_ID = 0x008,
       VENDOR_ID = 0x00c,
       DEVICE_FEATURES = 0x010,
       DEVICE_FEATURES_SEL = 0x014,
       DRIVER_FEATURES = 0x020,
       DRIVER_FEATURES_SEL = 0x024,
       QUEUE_SEL = 0x030,
       QUEUE_NUM_MAX = 0x034,
       QUEUE_NUM = 0x038,
       QUEUE_READY = 0x044,
       QUEUE_NOTIFY = 0x050,
       INTERRUPT_STATUS = 0x060,
       INTERRUPT_ACK = 0x064,
       STATUS = 0x070,
       QUEUE_DESC_LOW = 0x080,
       QUEUE_DESC_HIGH = 0x084,
       QUEUE_DRIVER_LOW = 0x090,
       QUEUE_DRIVER_HIGH = 0x094,
       QUEUE_DEVICE_LOW = 0x0a0,
       QUEUE_DEVICE_HIGH = 0x0a4,
       SHM_LEN_LOW = 0x0b0,
       SHM_BASE_HIGH = 0x0bc,
       CONFIG_GENERATION = 0x0fc,
       CONFIG = 0x100,
};

#define MAGIC_VALUE 0x74726976u /* "virt" */
/* What QEMU's board answers: xv6 and other small kernels refuse a disk of any other vendor. */
#define VENDOR_VALUE 0x554d4551u

static const struct virtio_ops *const kinds[] = {
#define VIRTIO(name) &virtio_##name##_ops,
#include "devices/virtio.def"
#undef VIRTIO
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

const struct virtio_ops *virtio_find(const char *name)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (!strcmp(kinds[i]->name, name))
			return kinds[i];
	return NULL;
}

bool virtio_list(unsigned index, const char **name, const char **summary)
{
	if (index >= KIND_COUNT)
		return false;
	*name = kinds[index]->name;
	*summary = kinds[index]->summary;
	return true;
}

bool virtio_running(const struct virtio *virtio)
{
	return (virtio->status & (VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_NEEDS_RESET |
				  VIRTIO_STATUS_FAILED)) == VIRTIO_STATUS_DRIVER_OK;
}

void virtio_interrupt(struct virtio *virtio, uint8_t bits)
{
	virtio->interrupt_status |= bits;
	device_set_irq(&virtio->device, 0, virtio->interrupt_status != 0);
}

void virtio_break(struct virtio *virtio, const char *why)
{
	if (virtio->status & VIRTIO_STATUS_NEEDS_RESET)
		return;
	log_write(virtio->device.host.log, LOG_DEVICE, LOG_DEBUG, "virtio-%s at 0x%llx broken: %s",
		  virtio->kind->name, (unsigned long long)virtio->device.base, why);
	bool running = virtio_running(virtio);
	virtio->status |= VIRTIO_STATUS_NEEDS_RESET;
	if (running)
		virtio_interrupt(virtio, VIRTIO_INTERRUPT_CONFIG);
}

static void reset_device(struct virtio *virtio)
{
	virtio->status = 0;
	virtio->accepted = 0;
	virtio->offered_select = virtio->accepted_select = virtio->queue_select = 0;
	virtio->interrupt_status = 0;
	memset(virtio->queue, 0, sizeof(virtio->queue));
	device_set_irq(&virtio->device, 0, false);
	if (virtio->kind && virtio->kind->reset)
		virtio->kind->reset(virtio);
}

/*
 * The driver may set bits only; FEATURES_OK sticks only if its choice is one that we offered.
 * VERSION_1 is not insisted on (a device may, virtio 1.2 section 6.2): xv6 looks at the low half of
 * the features only, and drives the device in the modern way all the same.
 */
static void write_status(struct virtio *virtio, uint8_t value)
{
	if (!value) {
		reset_device(virtio);
		return;
	}
	uint8_t added = value & ~virtio->status & (uint8_t)~VIRTIO_STATUS_NEEDS_RESET;
	bool choice_ok = !(virtio->accepted & ~virtio->offered);
	if ((added & VIRTIO_STATUS_FEATURES_OK) && !choice_ok)
		added &= ~VIRTIO_STATUS_FEATURES_OK;
	if (!((virtio->status | added) & VIRTIO_STATUS_FEATURES_OK))
		added &= ~VIRTIO_STATUS_DRIVER_OK;
	virtio->status |= added;
}

static struct virtio_queue *selected_queue(struct virtio *virtio)
{
	if (!virtio->kind || virtio->queue_select >= virtio->kind->queue_count)
		return NULL;
	return &virtio->queue[virtio->queue_select];
}

static uint32_t read_queue(const struct virtio_queue *queue, uint64_t offset)
{
	if (!queue)
		return 0;
	return offset == QUEUE_NUM_MAX ? VIRTIO_QUEUE_SIZE_MAX : queue->ready;
}

static uint32_t read_register(struct virtio *virtio, uint64_t offset)
{
	switch (offset) {
	case MAGIC: return MAGIC_VALUE;
	case VERSION: return 2;
	case DEVICE_ID: return virtio->kind ? virtio->kind->device_id : 0;
	case VENDOR_ID: return VENDOR_VALUE;
	case DEVICE_FEATURES:
		if (virtio->offered_select > 1)
			return 0;
		return virtio->offered >> 32 * virtio->offered_select;
	case QUEUE_NUM_MAX:
	case QUEUE_READY: return read_queue(selected_queue(virtio), offset);
	case INTERRUPT_STATUS: return virtio->interrupt_status;
	case STATUS: return virtio->status;
	default:
		/* No shared memory: length and base of all ones (section 4.2.2). */
		return offset >= SHM_LEN_LOW && offset <= SHM_BASE_HIGH ? UINT32_MAX : 0;
	}
}

static uint64_t read_config(const struct virtio *virtio, uint64_t offset, unsigned size)
{
	uint8_t bytes[VIRTIO_CONFIG_MAX] = {0};
	if (!virtio->kind->config || offset + size > sizeof(bytes))
		return 0;
	virtio->kind->config(virtio, bytes);
	uint64_t value = 0;
	memcpy(&value, bytes + offset, size);
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(value) : value;
}

void virtio_describe(const struct device *slot, char *text, size_t size)
{
	const struct virtio *virtio = (const struct virtio *)slot;
	if (!virtio->kind)
		snprintf(text, size, "none");
	else
		snprintf(text, size, "%s,features=0x%llx,config=0x%llx", virtio->kind->name,
			 (unsigned long long)virtio->offered,
			 (unsigned long long)read_config(virtio, 0, sizeof(uint64_t)));
}

static mb_result slot_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			   uint64_t *value)
{
	(void)attrs;
	struct virtio *virtio = opaque;
	if (offset < CONFIG)
		*value = read_register(virtio, offset);
	else
		*value = virtio->kind ? read_config(virtio, offset - CONFIG, size) : 0;
	return MB_OK;
}

static void put_half(uint64_t *word, bool high, uint32_t value)
{
	*word = high ? (uint64_t)value << 32 | (uint32_t)*word
		     : (*word & ~(uint64_t)UINT32_MAX) | value;
}

static void write_ready(struct virtio *virtio, struct virtio_queue *queue, bool ready)
{
	if (ready && !queue->size) {
		virtio_break(virtio, "queue made ready without a size");
		return;
	}
	if (!ready || !queue->ready) {
		queue->next_available = queue->used = queue->signalled = 0;
		queue->signalled_valid = 0;
	}
	queue->ready = ready;
}

/* A queue that is ready is not to be changed (section 4.2.2.2): such writes have no effect. */
static void write_queue(struct virtio *virtio, uint64_t offset, uint32_t value)
{
	struct virtio_queue *queue = selected_queue(virtio);
	if (!queue || (queue->ready && offset != QUEUE_READY))
		return;
	switch (offset) {
	case QUEUE_NUM:
		if (value && value <= VIRTIO_QUEUE_SIZE_MAX && !(value & (value - 1)))
			queue->size = value;
		break;
	case QUEUE_READY: write_ready(virtio, queue, value & 1); break;
	case QUEUE_DESC_LOW:
	case QUEUE_DESC_HIGH:
		put_half(&queue->descriptors, offset == QUEUE_DESC_HIGH, value);
		break;
	case QUEUE_DRIVER_LOW:
	case QUEUE_DRIVER_HIGH: put_half(&queue->driver, offset == QUEUE_DRIVER_HIGH, value); break;
	case QUEUE_DEVICE_LOW:
	case QUEUE_DEVICE_HIGH: put_half(&queue->device, offset == QUEUE_DEVICE_HIGH, value); break;
	}
}

static void write_register(struct virtio *virtio, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case DEVICE_FEATURES_SEL: virtio->offered_select = value; break;
	case DRIVER_FEATURES:
		if (!(virtio->status & VIRTIO_STATUS_FEATURES_OK) && virtio->accepted_select <= 1)
			put_half(&virtio->accepted, virtio->accepted_select, value);
		break;
	case DRIVER_FEATURES_SEL: virtio->accepted_select = value; break;
	case QUEUE_SEL: virtio->queue_select = value; break;
	case QUEUE_NOTIFY:
		if (virtio_running(virtio) && value < virtio->kind->queue_count &&
		    virtio->queue[value].ready)
			virtio->kind->notify(virtio, value);
		break;
	case INTERRUPT_ACK:
		virtio->interrupt_status &= ~value;
		virtio_interrupt(virtio, 0);
		break;
	case STATUS: write_status(virtio, value); break;
	default: write_queue(virtio, offset, value); break;
	}
}

static mb_result slot_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			    uint64_t value)
{
	(void)attrs;
	struct virtio *virtio = opaque;
	if (!virtio->kind)
		return MB_OK;
	if (offset < CONFIG)
		write_register(virtio, offset, value);
	else if (virtio->kind->config_write)
		virtio->kind->config_write(virtio, offset - CONFIG, size, value);
	return MB_OK;
}

/* Registers are 32 bits wide; the configuration space takes any size (section 4.2.2.2). */
static bool slot_accepts(void *opaque, uint64_t offset, unsigned size, bool is_write,
			 struct mb_attrs attrs)
{
	(void)opaque, (void)is_write, (void)attrs;
	return offset >= CONFIG || size == 4;
}

static const struct mb_ops slot_registers = {
	.read = slot_read,
	.write = slot_write,
	.endian = MB_LITTLE,
	.valid = {.min = 1, .max = 8, .accepts = slot_accepts},
	.impl = {.min = 1,        .max = 4        },
};

static int register_kind(struct virtio *virtio, struct error *error)
{
	const struct virtio_ops *kind = virtio->kind;
	if (!virtio->device.host.state || !kind->field_count)
		return 0;
	const struct state_section section = {
		.name = kind->state_name,
		.instance = virtio->device.instance,
		.version = 1,
		.base = virtio->kind_state,
		.fields = kind->fields,
		.field_count = kind->field_count,
		.loaded = kind->loaded,
	};
	if (state_register(virtio->device.host.state, &section))
		return error_set(error, EXIT_CODE_USAGE, "virtio-%s %u: cannot register its state",
				 kind->name, virtio->device.instance);
	return 0;
}

static int slot_create(struct device *device, const void *config, struct error *error)
{
	const struct virtio_mmio_config *wanted = config;
	struct virtio *virtio = (struct virtio *)device;
	if (!wanted || !wanted->kind)
		return 0;
	const struct virtio_ops *kind = wanted->kind;
	virtio->kind = kind;
	virtio->offered =
		kind->features | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_F_VERSION_1;
	virtio->kind_state = calloc(1, kind->object_size);
	if (!virtio->kind_state)
		return error_set(error, EXIT_CODE_USAGE, "virtio-%s: out of memory", kind->name);
	if (kind->create && kind->create(virtio, wanted->kind_config, error))
		return -1;
	return register_kind(virtio, error);
}

static void slot_destroy(struct device *device)
{
	struct virtio *virtio = (struct virtio *)device;
	if (virtio->kind_state && virtio->kind->destroy)
		virtio->kind->destroy(virtio);
	free(virtio->kind_state);
}

static void slot_reset(struct device *device)
{
	reset_device((struct virtio *)device);
}

/* A damaged snapshot must not make the queue code divide by zero or leave its arrays. */
static void slot_loaded(void *opaque)
{
	struct virtio *virtio = opaque;
	for (unsigned i = 0; i < VIRTIO_QUEUE_MAX; i++) {
		struct virtio_queue *queue = &virtio->queue[i];
		if (queue->size > VIRTIO_QUEUE_SIZE_MAX || (queue->size & (queue->size - 1)))
			queue->size = 0;
		if (!queue->size)
			queue->ready = 0;
	}
	/* Until FEATURES_OK a driver may have asked for anything, and is told then. */
	if (virtio->status & VIRTIO_STATUS_FEATURES_OK)
		virtio->accepted &= virtio->offered;
	if (!virtio->kind)
		virtio->status = 0;
	virtio_interrupt(virtio, 0);
}

static void slot_fdt(const struct device *device, struct device_fdt *fdt)
{
	device_fdt_begin(device, fdt, "virtio_mmio", device->size);
	device_fdt_string(fdt, "compatible", "virtio,mmio");
	device_fdt_end(fdt);
}

// clang-format off
#define QUEUE_FIELDS(index) \
	STATE_FIELD(struct virtio, queue[index].descriptors), \
	STATE_FIELD(struct virtio, queue[index].driver), \
	STATE_FIELD(struct virtio, queue[index].device), \
	STATE_FIELD(struct virtio, queue[index].size), \
	STATE_FIELD(struct virtio, queue[index].ready), \
	STATE_FIELD(struct virtio, queue[index].signalled_valid), \
	STATE_FIELD(struct virtio, queue[index].next_available), \
	STATE_FIELD(struct virtio, queue[index].used), \
	STATE_FIELD(struct virtio, queue[index].signalled)
// clang-format on

static const struct state_field slot_fields[] = {
	STATE_FIELD(struct virtio, accepted),
	STATE_FIELD(struct virtio, offered_select),
	STATE_FIELD(struct virtio, accepted_select),
	STATE_FIELD(struct virtio, queue_select),
	STATE_FIELD(struct virtio, status),
	STATE_FIELD(struct virtio, interrupt_status),
	QUEUE_FIELDS(0),
	QUEUE_FIELDS(1),
};
_Static_assert(VIRTIO_QUEUE_MAX == 2, "one QUEUE_FIELDS for each queue");

const struct device_ops virtio_mmio_ops = {
	.name = "virtio_mmio",
	.summary = "virtio slot: console, rng, blk, or empty",
	.object_size = sizeof(struct virtio),
	.region_size = 0x1000,
	.registers = &slot_registers,
	.create = slot_create,
	.destroy = slot_destroy,
	.reset = slot_reset,
	.fdt = slot_fdt,
	.fields = slot_fields,
	.field_count = sizeof(slot_fields) / sizeof(slot_fields[0]),
	.version = 1,
	.loaded = slot_loaded,
};

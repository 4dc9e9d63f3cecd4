/* SiFive test finisher: one register whose write ends the run. */
#include "devices/sifive_test.h"

#include "core/machine.h"

enum {
	FINISHER_FAIL = 0x3333,
	FINISHER_PASS = 0x5555,
	FINISHER_RESET = 0x7777,
};

int sifive_test_status(uint32_t code)
{
	return code ? exit_code_of_guest(code) : 1;
}

static mb_result finisher_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			       uint64_t *value)
{
	(void)opaque, (void)offset, (void)size, (void)attrs;
	*value = 0;
	return MB_OK;
}

static mb_result finisher_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
				uint64_t value)
{
	(void)size, (void)attrs;
	struct device *device = opaque;
	struct machine *machine = device->host.machine;
	if (offset != 0 || !machine)
		return MB_OK;
	uint32_t code = (value >> 16) & 0xffff;
	switch (value & 0xffff) {
	case FINISHER_PASS: machine_stop(machine, STOP_EXIT, 0, "test finisher: pass"); break;
	case FINISHER_FAIL:
		machine_stop(machine, STOP_EXIT, sifive_test_status(code),
			     "test finisher: fail, code %u", code);
		break;
	case FINISHER_RESET: machine_stop(machine, STOP_RESET, 0, "test finisher: reset"); break;
	default:
		log_write(device->host.log, LOG_DEVICE, LOG_DEBUG,
			  "sifive_test: unknown command 0x%x ignored", (unsigned)value);
	}
	return MB_OK;
}

/* 16-bit writes are what some bare-metal programs use; they carry no code. */
static const struct mb_ops finisher_registers = {
	.read = finisher_read,
	.write = finisher_write,
	.endian = MB_LITTLE,
	.valid = {.min = 2, .max = 4},
	.impl = {.min = 2, .max = 4},
};

static void finisher_fdt(const struct device *device, struct device_fdt *fdt)
{
	static const char compatible[] = "sifive,test1\0sifive,test0\0syscon";
	device_fdt_begin(device, fdt, "test", device->ops->region_size);
	device_fdt_strings(fdt, "compatible", compatible, sizeof(compatible));
	device_fdt_end(fdt);
}

static void syscon_node(struct device_fdt *fdt, const char *name, const char *compatible,
			uint32_t value)
{
	device_fdt_node(fdt, name);
	device_fdt_string(fdt, "compatible", compatible);
	device_fdt_u32(fdt, "regmap", fdt->phandle);
	device_fdt_u32(fdt, "offset", 0);
	device_fdt_u32(fdt, "value", value);
	device_fdt_end(fdt);
}

static void finisher_fdt_root(const struct device *device, struct device_fdt *fdt)
{
	(void)device;
	syscon_node(fdt, "poweroff", "syscon-poweroff", FINISHER_PASS);
	syscon_node(fdt, "reboot", "syscon-reboot", FINISHER_RESET);
}

const struct device_ops sifive_test_ops = {
	.name = "sifive_test",
	.summary = "SiFive test finisher, also syscon: pass, fail with a code, reset",
	.object_size = sizeof(struct device),
	.region_size = 0x1000,
	.registers = &finisher_registers,
	.fdt = finisher_fdt,
	.fdt_root = finisher_fdt_root,
};

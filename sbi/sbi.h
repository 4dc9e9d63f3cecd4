/*
 * The in-process SBI firmware (SBI specification 3.0): answers S-mode ecalls in host code, starts
 * and stops harts, and emulates the misaligned accesses that are not delegated to S-mode.
 *
 * No guest memory is used and no M-mode guest code runs.
 */
#ifndef SBI_SBI_H
#define SBI_SBI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/machine.h"
#include "cpu/riscv/riscv.h"

struct sbi;
struct explanation;

/* Extensions: bit positions of sbi_config.denied, in the order of sbi/extension.def. */
enum sbi_extension_id {
#define SBI_EXTENSION(id, ...) SBI_EXT_##id,
#include "sbi/extension.def"
#undef SBI_EXTENSION
	SBI_EXT_COUNT
};

/* Options of `--sbi on,KEY=VALUE...`. */
struct sbi_config {
	uint32_t spec_version; /* bits 30:24 major, 23:0 minor */
	uint64_t impl_id, impl_version;
	uint32_t denied;      /* extensions that are hidden: bits of enum sbi_extension_id */
	bool fwft_misaligned; /* reset value of MISALIGNED_EXC_DELEG */
};

/* Where DBCN and the legacy console go. Either may be NULL. */
struct sbi_console {
	/* Writes all bytes. */
	void (*write)(void *opaque, const uint8_t *bytes, size_t length);
	/* Reads up to length bytes without waiting; returns how many. */
	size_t (*read)(void *opaque, uint8_t *bytes, size_t length);
	void *opaque;
};

/* SBI 3.0, everything offered, reset value 0. */
void sbi_config_default(struct sbi_config *config);

/*
 * Parses "key=value,..." (keys: fwft.misaligned=0|1, deny=EXT[:EXT..], impl-id=N, impl-version=N,
 * spec-version=MAJOR.MINOR) over config. An empty text changes nothing. Returns 0, or -1 with
 * error.
 */
int sbi_config_parse(struct sbi_config *config, const char *text, struct error *error);

/*
 * Takes over the harts of a machine (all of them RISC-V): every hart gets the firmware hook. Harts
 * are left STOPPED; see sbi_boot(). Registers its state, so the machine's registry is not to be
 * used after sbi_free(). Returns NULL when out of memory.
 */
struct sbi *sbi_new(struct machine *machine, const struct sbi_config *config,
		    const struct sbi_console *console);
void sbi_free(struct sbi *sbi);

/* The options that it was made with; valid until sbi_free(). */
const struct sbi_config *sbi_get_config(const struct sbi *sbi);

/*
 * Puts every hart into its state at power-on: all STOPPED but the one of index boot, which enters
 * S-mode at entry with a0 = its hart id and a1 = opaque.
 */
void sbi_boot(struct sbi *sbi, unsigned boot, uint64_t entry, uint64_t opaque);

/* Name of an extension id (a7) and of its function (a6); NULL when unknown. */
const char *sbi_extension_name(uint64_t eid);
const char *sbi_function_name(uint64_t eid, uint64_t fid);

/* Name of an error code, e.g. -14 "SBI_ERR_DENIED_LOCKED"; NULL when unknown. */
const char *sbi_error_name(int64_t error);

/* Calls fn for each extension: name, first and last extension id, functions, whether offered. */
void sbi_list(void (*fn)(void *opaque, const char *name, uint32_t first, uint32_t last,
			 bool offered),
	      void *opaque);

/*
 * What an SBI value means: an extension ("FWFT", "0x46574654"), a call ("FWFT.set", "FWFT.0"), an
 * error code ("-14", "DENIED_LOCKED") or a firmware feature ("MISALIGNED_EXC_DELEG"). 0 to 8 are
 * the legacy calls. Needs no firmware. Returns 0, or -1 with error (125).
 */
int sbi_explain(const char *text, struct explanation *explanation, struct error *error);

/* Calls fn for each function of each extension that the specification has. */
void sbi_list_calls(void (*fn)(void *opaque, const char *extension, const char *function,
			       unsigned fid, const char *arguments, const char *meaning),
		    void *opaque);

#endif

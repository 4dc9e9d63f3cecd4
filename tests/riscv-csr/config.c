/* --cpu values, ISA strings, misa; the life of a hart. */
#include <criterion/criterion.h>
#include <string.h>

#include "guest.h"

static bool parse(const char *text, struct riscv_config *config, struct error *error)
{
	*error = (struct error){0};
	return riscv_config_parse(config, text, error) == 0;
}

static bool config_has(const struct riscv_config *config, enum riscv_extension extension)
{
	return config->extension[extension / 64] >> extension % 64 & 1;
}

Test(riscv_config, accepted)
{
	struct riscv_config config;
	struct error error;
	cr_assert(parse("rv64,misaligned=trap,mmu=sv48,pmp=64,mimpid=0x12,-zfa", &config, &error));
	cr_assert(config.misaligned_trap);
	cr_assert_eq(config.max_satp_mode, 9);
	cr_assert_eq(config.pmp_entries, 64);
	cr_assert_eq(config.mimpid, 0x12);
	cr_assert_not(config_has(&config, RV_EXT_ZFA));
	cr_assert(config_has(&config, RV_EXT_ZICOND));
	cr_assert(parse("rv64,misaligned=trap,misaligned=hw", &config, &error));
	cr_assert_not(config.misaligned_trap, "the last one counts");
	cr_assert(parse("max", &config, &error));
	cr_assert(parse("rv64gc", &config, &error));
	cr_assert(config_has(&config, RV_EXT_D) && config_has(&config, RV_EXT_ZCD));
	cr_assert_not(config_has(&config, RV_EXT_ZBA) || config_has(&config, RV_EXT_SSTC));
}

Test(riscv_config, refused)
{
	static const struct {
		const char *text, *part; /* of the message */
	} rows[] = {
		{"rv32",			     "no model 'rv32'; known: rv64 rv64gc max"},
		{"",				 "no model ''"                            },
		{"rv64,+h",                          "no extension 'h'; known: i m a f d c"   },
		{"rv64,+",			   "no extension ''"                        },
		{"rv64,-i",                          "i is always there"                      },
		{"rv64,",			    "'': expected"                           },
		{"rv64,zfa",                         "'zfa': expected +EXTENSION"             },
		{"rv64,color=red",                   "'color=red': expected"                  },
		{"rv64,misaligned=maybe",            "expected hw or trap"                    },
		{"rv64,mmu=sv32",                    "expected sv39, sv48 or sv57"            },
		{"rv64,pmp=8",                       "expected 0, 16 or 64"                   },
		{"rv64,bus-errors=",                 "expected trap or ignore"                },
		{"rv64,mimpid=x",                    "expected a number"                      },
		{"rv64,mimpid=-1",                   "expected a number"                      },
		{"rv64,mimpid=99999999999999999999", "expected a number"                      },
		{"rv64,-f,+d",                       "d needs f"                              },
		{"rv64,-f,+zfh",                     "zfh needs f"                            },
		{"rv64,-c,+zcb",                     "zcb needs c"                            },
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct riscv_config config;
		struct error error;
		cr_assert_not(parse(rows[i].text, &config, &error), "%s", rows[i].text);
		cr_assert(strstr(error.text, rows[i].part), "%s: %s", rows[i].text, error.text);
		cr_assert_eq(error.exit_code, EXIT_CODE_USAGE);
		cr_assert_null(strchr(error.text, '\n'));
	}
}

Test(riscv_config, too_long_a_value)
{
	struct riscv_config config;
	struct error error;
	char text[2000];
	memset(text, ',', sizeof(text));
	text[sizeof(text) - 1] = 0;
	cr_assert_not(parse(text, &config, &error));
	cr_assert(strstr(error.text, "longer than"));
}

Test(riscv_config, dependencies_follow)
{
	struct riscv_config config;
	struct error error;
	cr_assert(parse("rv64,-f", &config, &error), "%s", error.text);
	static const enum riscv_extension gone[] = {RV_EXT_F,   RV_EXT_D,      RV_EXT_ZFA,
						    RV_EXT_ZFH, RV_EXT_ZFHMIN, RV_EXT_ZCD};
	for (unsigned i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		cr_assert_not(config_has(&config, gone[i]), "%u", gone[i]);
	cr_assert(config_has(&config, RV_EXT_C));
	cr_assert(parse("rv64,-c", &config, &error));
	cr_assert_not(config_has(&config, RV_EXT_ZCA) || config_has(&config, RV_EXT_ZCB) ||
		      config_has(&config, RV_EXT_ZCD) || config_has(&config, RV_EXT_ZCMOP));
	cr_assert(parse("rv64gc,+zfh", &config, &error));
	cr_assert(config_has(&config, RV_EXT_ZFHMIN), "brings what it needs");
}

#define LIST_SIZE 512

static void append(void *opaque, const char *name)
{
	char *list = opaque;
	size_t used = strlen(list);
	snprintf(list + used, LIST_SIZE - used, "%s ", name);
}

Test(riscv_config, names_of_extensions)
{
	struct riscv_config config;
	struct error error;
	char isa[512], list[LIST_SIZE] = "";
	cr_assert(parse("rv64gc", &config, &error));
	int length = riscv_isa_string(&config, isa, sizeof(isa));
	cr_assert_eq(length, (int)strlen(isa));
	cr_assert(!strncmp(isa, "rv64imafdc_", 11), "%s", isa);
	cr_assert(strstr(isa, "_zicsr_"));
	cr_assert_eq(riscv_isa_string(&config, isa, 8), length, "the length it would have");
	cr_assert_str_eq(isa, "rv64ima");
	riscv_isa_extensions(&config, append, list);
	cr_assert(!strncmp(list, "i m a f d c ", 12), "%s", list);
}

Test(riscv_hart, registered_state_covers_what_instructions_change)
{
	struct guest *guest = guest_new("rv64", "step");
	uint64_t *x = guest->hart->cpu.r;
	uint64_t before = state_hash(&guest->machine.state);
	x[31] ^= 1;
	cr_assert_neq(state_hash(&guest->machine.state), before);
	x[31] ^= 1;
	cr_assert_eq(state_hash(&guest->machine.state), before);
	for (unsigned i = 0; i < riscv_csr_count; i++) {
		if (!riscv_csrs[i].field || !riscv_csrs[i].mask)
			continue;
		uint64_t *field = (uint64_t *)((char *)guest->hart + riscv_csrs[i].field);
		*field ^= 1;
		cr_assert_neq(state_hash(&guest->machine.state), before, "%s", riscv_csrs[i].name);
		*field ^= 1;
	}
	guest_free(guest);
}

Test(riscv_hart, reset_restores_the_power_on_state)
{
	struct guest *guest = guest_new("rv64", "step");
	struct riscv_cpu *hart = guest->hart;
	for (unsigned i = 0; i < riscv_csr_count; i++)
		riscv_csr_write(hart, riscv_csrs[i].number, 0x1234567890abcdef);
	hart->cpu.r[1] = 1;
	hart->cpu.pc = 0x1000;
	guest_level(guest, RV_U);
	riscv_isa.reset(&hart->cpu);
	cr_assert_eq(hart->cpu.level, RV_M);
	cr_assert_eq(hart->cpu.pc, 0);
	cr_assert_eq(hart->cpu.r[1], 0);
	cr_assert_eq(hart->mstatus, 0);
	cr_assert_eq(hart->satp, 0);
	cr_assert_eq(hart->stimecmp, UINT64_MAX);
	cr_assert_eq(hart->pmp.active, 0);
	cr_assert_eq(hart->cpu.mode, (uint32_t)RV_M | RV_MODE_FS_OFF);
	guest_free(guest);
}

Test(riscv_hart, a_machine_holds_sixteen)
{
	struct machine machine;
	struct riscv_config config;
	struct riscv_cpu *hart[MACHINE_MAX_CPUS];
	machine_init(&machine);
	riscv_config_default(&config);
	for (unsigned i = 0; i < MACHINE_MAX_CPUS; i++) {
		hart[i] = riscv_cpu_new(&machine, &config, i);
		cr_assert(hart[i]);
		cr_assert_eq(hart[i]->cpu.index, i);
	}
	cr_assert_null(riscv_cpu_new(&machine, &config, 16));
	for (unsigned i = 0; i < MACHINE_MAX_CPUS; i++)
		riscv_cpu_free(hart[i]);
	machine_fini(&machine);
}

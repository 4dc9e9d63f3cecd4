/* Options of the firmware, and the names that traces and explain use. */
#include <criterion/criterion.h>
#include <string.h>

#include "sbi/sbi.h"

static int parse(struct sbi_config *config, const char *text, struct error *error)
{
	memset(error, 0, sizeof(*error));
	sbi_config_default(config);
	return sbi_config_parse(config, text, error);
}

Test(config, defaults)
{
	struct sbi_config config;
	struct error error;
	cr_assert_eq(parse(&config, "", &error), 0);
	cr_assert_eq(config.spec_version, 0x03000000);
	cr_assert_eq(config.denied, 0);
	cr_assert(!config.fwft_misaligned);
}

Test(config, every_key)
{
	struct sbi_config config;
	struct error error;
	const char *text =
		"fwft.misaligned=1,deny=hsm:DBCN,impl-id=0x42,impl-version=7,spec-version=2.1";
	cr_assert_eq(parse(&config, text, &error), 0, "%s", error.text);
	cr_assert(config.fwft_misaligned);
	cr_assert_eq(config.denied, 1u << SBI_EXT_HSM | 1u << SBI_EXT_DBCN);
	cr_assert_eq(config.impl_id, 0x42);
	cr_assert_eq(config.impl_version, 7);
	cr_assert_eq(config.spec_version, 2u << 24 | 1);
}

Test(config, mistakes_are_named)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"fwft.misaligned",             "KEY=VALUE"            },
                {"fwft.misaligned=2",           "0 or 1"               },
		{"fwft.misaligned=x",           "a number"             },
                {"deny=nothing",                "no such SBI extension"},
		{"deny=base",                   "mandatory"            },
                {"impl-id=-1",                  "a number"             },
		{"impl-id= 1",                  "a number"             },
                {"impl-id=0x10000000000000000", "a number"             },
		{"spec-version=3",              "MAJOR.MINOR"          },
                {"spec-version=128.0",          "MAJOR.MINOR"          },
		{"spec-version=3.0x",           "MAJOR.MINOR"          },
                {"colour=red",                  "unknown key 'colour'" },
	};
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sbi_config config;
		struct error error;
		cr_assert_eq(parse(&config, rows[i].text, &error), -1, "%s", rows[i].text);
		cr_assert_eq(error.exit_code, EXIT_CODE_USAGE, "%s", rows[i].text);
		cr_assert(strstr(error.text, rows[i].says), "%s: %s", rows[i].text, error.text);
	}
}

Test(names, extensions_functions_errors)
{
	cr_assert_str_eq(sbi_extension_name(0x46574654), "FWFT");
	cr_assert_str_eq(sbi_function_name(0x46574654, 1), "get");
	cr_assert_null(sbi_function_name(0x46574654, 2));
	cr_assert_null(sbi_function_name(0x46574654, 0xffffffff));
	cr_assert_str_eq(sbi_function_name(0x8, 0), "shutdown");
	cr_assert_null(sbi_extension_name(0x9));
	/* Only the low 32 bits of an id count. */
	cr_assert_str_eq(sbi_extension_name(0xffffffff00000010), "BASE");
	cr_assert_str_eq(sbi_error_name(-14), "SBI_ERR_DENIED_LOCKED");
	cr_assert_str_eq(sbi_error_name(0), "SBI_SUCCESS");
	cr_assert_null(sbi_error_name(-15));
}

static void check_row(void *opaque, const char *name, uint32_t first, uint32_t last, bool offered)
{
	unsigned *count = opaque;
	cr_assert_leq(first, last, "%s", name);
	cr_assert_str_eq(sbi_extension_name(first), name);
	cr_assert_str_eq(sbi_extension_name(last), name);
	*count += offered;
}

Test(names, no_two_extensions_share_an_id)
{
	unsigned offered = 0;
	sbi_list(check_row, &offered);
	cr_assert_eq(offered, 9);
}

/* What SBI calls, error codes and firmware features mean: needs no machine. */
#include "core/explain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sbi/internal.h"

struct about {
	const char *name, *chapter, *meaning;
	uint32_t first;
	bool offered;
};

static const struct call {
	uint8_t extension; /* enum sbi_extension_id */
	uint8_t fid;
	const char *arguments, *meaning;
} calls[] = {
#define ABOUT(...)
#define CALL(extension, fid, arguments, meaning) {SBI_EXT_##extension, fid, arguments, meaning},
#define FEATURE(...)
#include "sbi/explain.def"
#undef ABOUT
#undef CALL
#undef FEATURE
};
#define CALL_COUNT (sizeof(calls) / sizeof(calls[0]))

static const struct about extensions[SBI_EXT_COUNT] = {
#define ABOUT(extension, title, text)                                                              \
	[SBI_EXT_##extension].chapter = (title), [SBI_EXT_##extension].meaning = (text),
#define CALL(...)
#define FEATURE(...)
#include "sbi/explain.def"
#undef ABOUT
#undef CALL
#undef FEATURE
#define SBI_EXTENSION(id, text, eid, last, handler, ...)                                           \
	[SBI_EXT_##id].name = (text), [SBI_EXT_##id].first = (eid),                                \
	[SBI_EXT_##id].offered = #handler[0] != 'N',
#include "sbi/extension.def"
#undef SBI_EXTENSION
};

static const struct feature {
	const char *name, *values, *reset, *meaning;
} features[SBI_FWFT_COUNT] = {
#define ABOUT(...)
#define CALL(...)
#define FEATURE(id, values, reset, meaning) [SBI_FWFT_##id] = {#id, values, reset, meaning},
#include "sbi/explain.def"
#undef ABOUT
#undef CALL
#undef FEATURE
};

static const struct code {
	int64_t value;
	const char *name, *meaning;
} codes[] = {
	{0,   "SUCCESS",               "the call did what it is for"                              },
	{-1,  "ERR_FAILED",            "it did not work, for no reason that has a code"           },
	{-2,  "ERR_NOT_SUPPORTED",     "no such extension, function or feature here"              },
	{-3,  "ERR_INVALID_PARAM",     "an argument has no meaning"                               },
	{-4,  "ERR_DENIED",            "not allowed; FWFT: no such feature"                       },
	{-5,  "ERR_INVALID_ADDRESS",   "an address is not memory that the supervisor may use"     },
	{-6,  "ERR_ALREADY_AVAILABLE", "HSM hart_start: the hart runs already"                    },
	{-7,  "ERR_ALREADY_STARTED",   "PMU: the counter runs already"                            },
	{-8,  "ERR_ALREADY_STOPPED",   "PMU: the counter stands already"                          },
	{-9,  "ERR_NO_SHMEM",          "no shared memory was named"                               },
	{-10, "ERR_INVALID_STATE",     "not in this state of the object"                          },
	{-11, "ERR_BAD_RANGE",         "a range of attributes or the like is not there"           },
	{-12, "ERR_TIMEOUT",           "it took too long"                                         },
	{-13, "ERR_IO",                "an input or output error"                                 },
	{-14, "ERR_DENIED_LOCKED",     "FWFT set: the feature was locked, until the hart is reset"},
};

static void set_source(struct explanation *explanation, const char *chapter)
{
	snprintf(explanation->source, sizeof(explanation->source), "SBI 3.0, \"%s\"", chapter);
}

static const char *function_name(const struct call *call)
{
	bool legacy = call->extension == SBI_EXT_LEGACY;
	return sbi_function_name(legacy ? call->fid : extensions[call->extension].first, call->fid);
}

static void explain_call(struct explanation *explanation, const struct call *call)
{
	const struct about *about = &extensions[call->extension];
	bool legacy = call->extension == SBI_EXT_LEGACY;
	snprintf(explanation->subject, sizeof(explanation->subject), "SBI %s.%s(%s)", about->name,
		 function_name(call), call->arguments);
	snprintf(explanation->meaning, sizeof(explanation->meaning), "%s", call->meaning);
	explain_fact(explanation, "a7", "0x%x", legacy ? call->fid : about->first);
	if (!legacy)
		explain_fact(explanation, "a6", "%u", call->fid);
	explain_fact(explanation, "in process", "%s",
		     about->offered ? "offered" : "not offered: answers -2");
	set_source(explanation, about->chapter);
}

static void explain_extension(struct explanation *explanation, unsigned id)
{
	const struct about *about = &extensions[id];
	snprintf(explanation->subject, sizeof(explanation->subject), "SBI %s, extension 0x%x",
		 about->name, about->first);
	snprintf(explanation->meaning, sizeof(explanation->meaning), "%s", about->meaning);
	for (unsigned i = 0; i < CALL_COUNT; i++) {
		char name[40];
		if (calls[i].extension != id)
			continue;
		snprintf(name, sizeof(name), "%u %s", calls[i].fid, function_name(&calls[i]));
		explain_fact(explanation, name, "(%s) %s", calls[i].arguments, calls[i].meaning);
	}
	for (unsigned i = 0; id == SBI_EXT_FWFT && i < SBI_FWFT_COUNT; i++) {
		char name[40];
		snprintf(name, sizeof(name), "feature %u", i);
		explain_fact(explanation, name, "%s: %s", features[i].name, features[i].meaning);
	}
	explain_fact(explanation, "in process", "%s",
		     about->offered ? "offered" : "not offered: probe says 0, calls answer -2");
	set_source(explanation, about->chapter);
}

static void explain_code(struct explanation *explanation, const struct code *code)
{
	snprintf(explanation->subject, sizeof(explanation->subject),
		 "SBI error %" PRId64 ": SBI_%s", code->value, code->name);
	snprintf(explanation->meaning, sizeof(explanation->meaning), "%s", code->meaning);
	set_source(explanation, "Binary Encoding, Standard SBI Errors");
}

static void explain_feature(struct explanation *explanation, unsigned id)
{
	const struct feature *feature = &features[id];
	snprintf(explanation->subject, sizeof(explanation->subject), "FWFT feature 0x%x: %s", id,
		 feature->name);
	snprintf(explanation->meaning, sizeof(explanation->meaning), "%s", feature->meaning);
	explain_fact(explanation, "values", "%s", feature->values);
	explain_fact(explanation, "at reset", "%s", feature->reset);
	explain_fact(explanation, "scope", "each hart has its own");
	set_source(explanation, "Firmware Features Extension");
}

/* -- looking things up -- */

static int find_extension(const char *text, size_t length)
{
	char name[32];
	uint64_t number;
	if (length >= sizeof(name))
		return -1;
	snprintf(name, sizeof(name), "%.*s", (int)length, text);
	bool numeric = !explain_number(name, &number);
	for (unsigned i = 0; i < SBI_EXT_COUNT; i++)
		if (numeric ? number == extensions[i].first : !strcasecmp(name, extensions[i].name))
			return (int)i;
	return strcasecmp(name, "RFNC") ? -1 : SBI_EXT_RFENCE;
}

static const struct call *find_call(unsigned extension, const char *text)
{
	uint64_t number;
	bool numeric = !explain_number(text, &number);
	for (unsigned i = 0; i < CALL_COUNT; i++)
		if (calls[i].extension == extension &&
		    (numeric ? number == calls[i].fid
			     : !strcasecmp(text, function_name(&calls[i]))))
			return &calls[i];
	return NULL;
}

static int find_feature(const char *text)
{
	for (unsigned i = 0; i < SBI_FWFT_COUNT; i++)
		if (!strcasecmp(text, features[i].name))
			return (int)i;
	return -1;
}

static const struct code *find_code(const char *text)
{
	uint64_t number;
	bool numeric = !explain_number(text, &number);
	if (!strncasecmp(text, "SBI_", 4))
		text += 4;
	for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		const char *name = codes[i].name;
		const char *tail = strncmp(name, "ERR_", 4) ? name : name + 4;
		if (numeric ? (int64_t)number == codes[i].value
			    : !strcasecmp(text, name) || !strcasecmp(text, tail))
			return &codes[i];
	}
	return NULL;
}

/* EXTENSION.FUNCTION, and FWFT.FEATURE. */
static int explain_dotted(const char *text, const char *dot, struct explanation *explanation)
{
	int extension = find_extension(text, (size_t)(dot - text));
	if (extension < 0)
		return -1;
	const struct call *call = find_call((unsigned)extension, dot + 1);
	int feature = extension == SBI_EXT_FWFT ? find_feature(dot + 1) : -1;
	if (call)
		explain_call(explanation, call);
	else if (feature >= 0)
		explain_feature(explanation, (unsigned)feature);
	return call || feature >= 0 ? 0 : -1;
}

static int explain_any(const char *text, struct explanation *explanation)
{
	uint64_t number;
	bool numeric = !explain_number(text, &number);
	const char *dot = strchr(text, '.');
	if (dot)
		return explain_dotted(text, dot, explanation);
	/* Small numbers are the legacy calls. */
	const struct call *call = numeric && number <= 8 ? find_call(SBI_EXT_LEGACY, text) : NULL;
	int extension = call ? -1 : find_extension(text, strlen(text));
	const struct code *code = call || extension >= 0 ? NULL : find_code(text);
	int feature = find_feature(text);
	if (call)
		explain_call(explanation, call);
	else if (extension >= 0)
		explain_extension(explanation, (unsigned)extension);
	else if (code)
		explain_code(explanation, code);
	else if (feature >= 0)
		explain_feature(explanation, (unsigned)feature);
	else
		return -1;
	return 0;
}

int sbi_explain(const char *text, struct explanation *explanation, struct error *error)
{
	memset(explanation, 0, sizeof(*explanation));
	if (!explain_any(text, explanation))
		return 0;
	return error_set(error, EXIT_CODE_USAGE,
			 "explain sbi %.60s: expected an extension (name or id), "
			 "EXTENSION.FUNCTION, an error code such as -14 or DENIED_LOCKED, or a "
			 "firmware feature",
			 text);
}

void sbi_list_calls(void (*fn)(void *opaque, const char *extension, const char *function,
			       unsigned fid, const char *arguments, const char *meaning),
		    void *opaque)
{
	for (unsigned i = 0; i < CALL_COUNT; i++)
		fn(opaque, extensions[calls[i].extension].name, function_name(&calls[i]),
		   calls[i].fid, calls[i].arguments, calls[i].meaning);
}

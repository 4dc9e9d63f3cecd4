/* What a processing element is: models, features and what they need, and --cpu. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cpu/arm64/arm64.h"

enum {
	MODELLED = ARM64_MODELLED,
	REGISTERS = ARM64_REGISTERS,
	OPTION = ARM64_OPTION,
	ABSENT = ARM64_ABSENT,
};

static const struct {
	const char *name;
	uint8_t kind; /* enum arm64_feature_kind */
} features[] = {
#define FEATURE(id, kind) {#id, kind},
#include "cpu/arm64/feature.def"
#undef FEATURE
};

static const struct model {
	const char *name;
	uint64_t midr;
	const char *summary, *features;
} models[] = {
#define MODEL(name, midr, summary, features) {name, midr, summary, features},
#include "cpu/arm64/model.def"
#undef MODEL
};
#define MODEL_COUNT (sizeof(models) / sizeof(models[0]))

/* "Features" of a selection that are exception levels. */
enum { LEVEL_EL2 = A64_FEATURE_COUNT, LEVEL_EL3, SELECTABLE };

static const struct {
	uint8_t feature, needs;
} dependencies[] = {
#define FEATURE_NEEDS(feature, needs) {A64_FEAT_##feature, A64_FEAT_##needs},
#define FEATURE_NEEDS_EL2(feature)    {A64_FEAT_##feature, LEVEL_EL2},
#include "cpu/arm64/dependency.def"
#undef FEATURE_NEEDS
#undef FEATURE_NEEDS_EL2
};

const char *arm64_feature_name(enum arm64_feature feature)
{
	return features[feature].name;
}

enum arm64_feature_kind arm64_feature_kind(enum arm64_feature feature)
{
	return features[feature].kind;
}

void arm64_config_default(struct arm64_config *config)
{
	*config = (struct arm64_config){
		.cntfrq_hz = 1000000000,
		.midr = models[0].midr,
		.highest = A64_EL2,
		.entry = A64_EL2,
	};
	for (unsigned i = 0; i < A64_FEATURE_COUNT; i++)
		if (features[i].kind == ARM64_MODELLED)
			config->feature[i / 64] |= 1ull << (i % 64);
}

bool arm64_config_has(const struct arm64_config *config, enum arm64_feature feature)
{
	return config->feature[feature / 64] >> (feature % 64) & 1;
}

void arm64_config_remove(struct arm64_config *config, enum arm64_feature feature)
{
	config->feature[feature / 64] &= ~(1ull << (feature % 64));
}

bool arm64_model(unsigned index, const char **name, const char **summary)
{
	if (index >= MODEL_COUNT)
		return false;
	*name = models[index].name;
	*summary = models[index].summary;
	return true;
}

void arm64_config_features(const struct arm64_config *config,
			   void (*fn)(void *opaque, const char *name), void *opaque)
{
	if (config->highest >= A64_EL2)
		fn(opaque, "EL2");
	if (config->highest >= A64_EL3)
		fn(opaque, "EL3");
	for (unsigned i = 0; i < A64_FEATURE_COUNT; i++)
		if (config->feature[i / 64] >> (i % 64) & 1)
			fn(opaque, features[i].name);
}

/* -- parsing -- */

struct selection {
	const char *text; /* all of --cpu */
	bool has[SELECTABLE], wanted[SELECTABLE], unwanted[SELECTABLE];
	uint64_t midr, cntfrq_hz;
};

static const char *selectable_name(unsigned feature)
{
	if (feature >= A64_FEATURE_COUNT)
		return feature == LEVEL_EL2 ? "EL2" : "EL3";
	return features[feature].name;
}

static int select_feature(struct selection *selection, const char *item, struct error *error)
{
	unsigned feature = 0;
	bool wanted = *item == '+';
	while (feature < SELECTABLE && strcasecmp(selectable_name(feature), item + 1) != 0)
		feature++;
	if (feature == SELECTABLE)
		return error_set(error, EXIT_CODE_USAGE,
				 "--cpu %.80s: no feature '%.40s' (see trapline info features "
				 "--arch aarch64)",
				 selection->text, item + 1);
	if (wanted && feature < A64_FEATURE_COUNT && features[feature].kind == ARM64_ABSENT)
		return error_set(error, EXIT_CODE_USAGE, "--cpu %.80s: %s is not modelled",
				 selection->text, features[feature].name);
	selection->has[feature] = selection->wanted[feature] = wanted;
	selection->unwanted[feature] = !wanted;
	return 0;
}

static int select_key(struct selection *selection, char *item, struct error *error)
{
	char *end = NULL, *value = item;
	const char *key = strsep(&value, "=");
	errno = 0;
	uint64_t number = value && *value >= '0' && *value <= '9' ? strtoull(value, &end, 0) : 0;
	bool valid = end && !*end && !errno;
	if (!strcmp(key, "midr") && valid && number <= UINT32_MAX) {
		selection->midr = number;
		return 0;
	}
	if (!strcmp(key, "cntfrq") && valid && number >= 1000000 && number <= 1000000000) {
		selection->cntfrq_hz = number;
		return 0;
	}
	return error_set(error, EXIT_CODE_USAGE,
			 "--cpu %.80s: '%.40s': expected +FEATURE, -FEATURE, midr=N (32 bits) or "
			 "cntfrq=HZ (1000000 to 1000000000)",
			 selection->text, key);
}

static int select_items(struct selection *selection, char *items, struct error *error)
{
	while (items) {
		char *item = strsep(&items, ",");
		bool feature = *item == '+' || *item == '-';
		if (feature ? select_feature(selection, item, error)
			    : select_key(selection, item, error))
			return -1;
	}
	return 0;
}

static int select_model(struct selection *selection, const char *name, struct error *error)
{
	char items[512];
	unsigned i = 0;
	while (i < MODEL_COUNT && strcmp(models[i].name, name) != 0)
		i++;
	if (i == MODEL_COUNT)
		return error_set(error, EXIT_CODE_USAGE,
				 "--cpu %.80s: no model '%.40s', expected max, cortex-a57 or "
				 "neoverse-n2",
				 selection->text, name);
	selection->midr = models[i].midr;
	selection->has[LEVEL_EL2] = true;
	if (!models[i].features) {
		for (unsigned f = 0; f < A64_FEATURE_COUNT; f++)
			selection->has[f] = features[f].kind == ARM64_MODELLED;
		return 0;
	}
	snprintf(items, sizeof(items), "%s", models[i].features);
	int status = select_items(selection, items, error);
	memset(selection->wanted, 0, sizeof(selection->wanted));
	return status;
}

/*
 * What was asked for brings what it needs; what only the model has goes with what it needs. Each
 * round settles at least one feature.
 */
static int settle_dependencies(struct selection *selection, struct error *error)
{
	const unsigned count = sizeof(dependencies) / sizeof(dependencies[0]);
	for (unsigned round = 0; round < count; round++) {
		for (unsigned i = 0; i < count; i++) {
			unsigned feature = dependencies[i].feature, needs = dependencies[i].needs;
			if (!selection->has[feature] || selection->has[needs])
				continue;
			if (!selection->wanted[feature]) {
				selection->has[feature] = false;
				selection->unwanted[feature] = true;
				continue;
			}
			if (selection->unwanted[needs])
				return error_set(error, EXIT_CODE_USAGE, "--cpu %.80s: %s needs %s",
						 selection->text, selectable_name(feature),
						 selectable_name(needs));
			selection->has[needs] = selection->wanted[needs] = true;
		}
	}
	return 0;
}

int arm64_config_parse(struct arm64_config *config, const char *text, struct error *error)
{
	char buffer[512];
	if (strlen(text) >= sizeof(buffer))
		return error_set(error, EXIT_CODE_USAGE, "--cpu: longer than %zu characters",
				 sizeof(buffer) - 1);
	memcpy(buffer, text, strlen(text) + 1);
	struct selection selection = {.text = text, .cntfrq_hz = 1000000000};
	char *rest = buffer;
	const char *model = strsep(&rest, ",");
	if (select_model(&selection, model, error) || select_items(&selection, rest, error) ||
	    settle_dependencies(&selection, error))
		return -1;
	*config = (struct arm64_config){.midr = selection.midr, .cntfrq_hz = selection.cntfrq_hz};
	for (unsigned i = 0; i < A64_FEATURE_COUNT; i++)
		if (selection.has[i])
			config->feature[i / 64] |= 1ull << (i % 64);
	config->highest = selection.has[LEVEL_EL3]   ? A64_EL3
			  : selection.has[LEVEL_EL2] ? A64_EL2
						     : A64_EL1;
	config->entry = config->highest;
	return 0;
}

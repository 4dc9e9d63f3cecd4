/*
 * Drives a fuzz target without a fuzzing engine: every file of the corpus, then a fixed number of
 * mutated inputs from a fixed seed, so that a run can be repeated. Usage:
 *
 *	fuzz-riscv [--runs N] [--seed N] [FILE | DIRECTORY]...
 *
 * The input being tried is in the file failing-input, which stays behind if the process dies.
 */
#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUT_MAX    4096
#define SAMPLES_MAX  256
#define HANG_SECONDS 60

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	uint8_t data[INPUT_MAX];
	size_t size;
};

struct driver {
	struct input samples[SAMPLES_MAX];
	unsigned sample_count;
	uint64_t random;
};

/* SplitMix64. */
static uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static bool read_sample(struct driver *driver, const char *path)
{
	if (driver->sample_count == SAMPLES_MAX) {
		fprintf(stderr, "%s: left out, the driver takes %d files\n", path, SAMPLES_MAX);
		return true;
	}
	FILE *file = fopen(path, "rb");
	if (!file) {
		perror(path);
		return false;
	}
	struct input *sample = &driver->samples[driver->sample_count++];
	sample->size = fread(sample->data, 1, INPUT_MAX, file);
	fclose(file);
	return true;
}

static bool read_samples(struct driver *driver, const char *path)
{
	struct stat status;
	if (stat(path, &status)) {
		perror(path);
		return false;
	}
	if (!S_ISDIR(status.st_mode))
		return read_sample(driver, path);

	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);
	bool ok = count >= 0;
	for (int i = 0; i < count; i++) {
		char name[4096];
		int length = snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && length < (int)sizeof(name))
			ok = read_sample(driver, name) && ok;
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return ok;
}

/* A few changes of the kinds that find things in formats and instruction streams. */
static void mutate(struct input *input, uint64_t *random)
{
	for (uint64_t changes = 1 + random_next(random) % 8; changes; changes--) {
		uint64_t dice = random_next(random);
		size_t at = input->size ? (dice >> 8) % input->size : 0;
		if (dice % 8 == 0 && input->size + 4 <= INPUT_MAX) {
			memmove(input->data + at + 4, input->data + at, input->size - at);
			input->size += 4;
		} else if (dice % 8 == 1 && input->size > 4) {
			input->size -= 4;
			memmove(input->data + at % input->size, input->data + at % input->size + 4,
				input->size - at % input->size);
		} else if (input->size >= 4 && dice % 8 < 5) {
			uint32_t word = (uint32_t)random_next(random);
			memcpy(input->data + (at & ~(size_t)1) % (input->size - 3), &word, 4);
		} else if (input->size) {
			input->data[at] ^= (uint8_t)(1 << (dice >> 4 & 7));
		}
	}
}

static void make_input(struct driver *driver, struct input *input)
{
	uint64_t dice = random_next(&driver->random);
	if (driver->sample_count && dice % 8) {
		*input = driver->samples[(dice >> 8) % driver->sample_count];
		mutate(input, &driver->random);
		return;
	}
	input->size = (dice >> 8) % 512;
	for (size_t i = 0; i < input->size; i++)
		input->data[i] = (uint8_t)random_next(&driver->random);
}

/* The input goes to a heap block of its size, so that ASan sees every access beyond its end. */
static void run_input(const struct input *input)
{
	uint8_t *copy = malloc(input->size ? input->size : 1);
	if (!copy)
		abort();
	memcpy(copy, input->data, input->size);
	alarm(HANG_SECONDS);
	LLVMFuzzerTestOneInput(copy, input->size);
	alarm(0);
	free(copy);
}

static void run_random(struct driver *driver, unsigned long runs, uint64_t seed)
{
	static const char failed[] = "failing-input";
	for (unsigned long i = 0; i < runs; i++) {
		struct input input;
		make_input(driver, &input);
		FILE *file = fopen(failed, "wb");
		if (file) {
			fwrite(input.data, 1, input.size, file);
			fclose(file);
		}
		run_input(&input);
	}
	unlink(failed);
	printf("%u files and %lu inputs from seed %" PRIu64 ": no fault\n", driver->sample_count,
	       runs, seed);
}

int main(int argc, char **argv)
{
	struct driver *driver = calloc(1, sizeof(*driver));
	unsigned long runs = 0;
	uint64_t seed = 1;
	if (!driver)
		return 1;
	for (int i = 1; i < argc; i++) {
		bool has_value = i + 1 < argc;
		if (!strcmp(argv[i], "--runs") && has_value) {
			runs = strtoul(argv[++i], NULL, 0);
		} else if (!strcmp(argv[i], "--seed") && has_value) {
			seed = strtoull(argv[++i], NULL, 0);
		} else if (!read_samples(driver, argv[i])) {
			free(driver);
			return 1;
		}
	}
	driver->random = seed;
	for (unsigned i = 0; i < driver->sample_count; i++)
		run_input(&driver->samples[i]);
	run_random(driver, runs, seed);
	free(driver);
	return 0;
}

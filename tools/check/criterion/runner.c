#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "criterion/criterion.h"

enum { PASSED, FAILED, SKIPPED, CRASHED, OUTCOMES };

static const struct criterion_test *tests, **last = &tests;
static bool failed; /* in the child: the test that runs */

void criterion_add(struct criterion_test *test)
{
	*last = test;
	last = &test->next;
}

static void say(const char *format, va_list args)
{
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void criterion_fail(bool fatal, const char *file, int line, const char *what, const char *format,
		    ...)
{
	va_list args;
	failed = true;
	fprintf(stderr, "%s:%d: expected %s;", file, line, what);
	va_start(args, format);
	say(format, args);
	va_end(args);
	if (fatal)
		exit(FAILED);
}

void criterion_skip(const char *format, ...)
{
	va_list args;
	fprintf(stderr, "skipped:");
	va_start(args, format);
	say(format, args);
	va_end(args);
	exit(SKIPPED);
}

static const struct criterion_test *suite_of(const struct criterion_test *test)
{
	static const struct criterion_test none;
	for (const struct criterion_test *suite = tests; suite; suite = suite->next)
		if (!suite->name && !strcmp(suite->suite, test->suite))
			return suite;
	return &none;
}

static _Noreturn void run_child(const struct criterion_test *test)
{
	const struct criterion_test *suite = suite_of(test);
	void (*steps[])(void) = {suite->init, test->init, test->run, test->fini, suite->fini};
	/* Nothing hangs for ever. */
	alarm(300);
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (steps[i])
			steps[i]();
	exit(failed ? FAILED : PASSED);
}

static int run(const struct criterion_test *test)
{
	int status;
	fflush(NULL);
	pid_t child = fork();
	if (child == 0)
		run_child(test);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return CRASHED;
	if (test->signal)
		return WIFSIGNALED(status) && WTERMSIG(status) == test->signal ? PASSED : FAILED;
	if (!WIFEXITED(status) || WEXITSTATUS(status) >= CRASHED)
		return CRASHED;
	return WEXITSTATUS(status);
}

int main(void)
{
	unsigned counts[OUTCOMES] = {0}, total = 0;
	for (const struct criterion_test *test = tests; test; test = test->next) {
		if (!test->name)
			continue;
		int outcome = run(test);
		if (outcome == FAILED || outcome == CRASHED)
			fprintf(stderr, "[FAIL] %s::%s\n", test->suite, test->name);
		counts[outcome]++;
		total++;
	}
	printf("[====] Synthesis: Tested: %u | Passing: %u | Failing: %u | Crashing: %u\n", total,
	       counts[PASSED], counts[FAILED] + counts[CRASHED], counts[CRASHED]);
	return counts[FAILED] + counts[CRASHED] ? 1 : 0;
}

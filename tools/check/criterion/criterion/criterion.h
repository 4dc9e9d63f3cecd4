/*
 * As much of Criterion as the tests of this tree use, for hosts that its own runner does not work
 * on: it needs more of a process than user-mode emulation gives. Every test is a forked child, one
 * after the other; the last line is that of Criterion.
 */
#ifndef CHECK_CRITERION_H
#define CHECK_CRITERION_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct criterion_test {
	const char *suite, *name; /* name NULL: the suite's defaults */
	void (*run)(void);
	void (*init)(void), (*fini)(void);
	int signal; /* the test ends by it */
	double timeout;
	const struct criterion_test *next;
};

/* Called before main() for each test and suite. */
void criterion_add(struct criterion_test *test);

/* Notes a check that failed, and ends the test if it is fatal. */
void criterion_fail(bool fatal, const char *file, int line, const char *what, const char *format,
		    ...) __attribute__((format(printf, 5, 6)));

/* Ends the test without a verdict. */
_Noreturn void criterion_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define CRITERION_ADD(id, ...)                                                                     \
	__attribute__((constructor)) static void criterion_add_##id(void)                          \
	{                                                                                          \
		static struct criterion_test test = {__VA_ARGS__};                                 \
		criterion_add(&test);                                                              \
	}                                                                                          \
	struct criterion_test

#define TestSuite(suite_name, ...) CRITERION_ADD(suite_name, .suite = #suite_name, __VA_ARGS__)

#define Test(suite_name, test_name, ...)                                                           \
	static void suite_name##_##test_name##_test(void);                                         \
	CRITERION_ADD(suite_name##_##test_name, .suite = #suite_name, .name = #test_name,          \
		      .run = suite_name##_##test_name##_test, ##__VA_ARGS__);                      \
	static void suite_name##_##test_name##_test(void)

/* The message is only looked at when it is needed; tests rely on that. */
#define CRITERION_CHECK(fatal, holds, what, ...)                                                   \
	((holds) ? (void)0 : criterion_fail(fatal, __FILE__, __LINE__, what, " " __VA_ARGS__))
#define CRITERION_TEXTS(a, b) (strcmp(a, b) == 0)

#define cr_assert(x, ...)      CRITERION_CHECK(true, x, #x, __VA_ARGS__)
#define cr_assert_not(x, ...)  CRITERION_CHECK(true, !(x), "not " #x, __VA_ARGS__)
#define cr_assert_null(x, ...) CRITERION_CHECK(true, (x) == NULL, #x " is NULL", __VA_ARGS__)
#define cr_assert_not_null(x, ...)                                                                 \
	CRITERION_CHECK(true, (x) != NULL, #x " is not NULL", __VA_ARGS__)
#define cr_assert_eq(a, b, ...)  CRITERION_CHECK(true, (a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_assert_neq(a, b, ...) CRITERION_CHECK(true, (a) != (b), #a " != " #b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...)  CRITERION_CHECK(true, (a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_assert_leq(a, b, ...) CRITERION_CHECK(true, (a) <= (b), #a " <= " #b, __VA_ARGS__)
#define cr_assert_gt(a, b, ...)  CRITERION_CHECK(true, (a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_assert_geq(a, b, ...) CRITERION_CHECK(true, (a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...)                                                                \
	CRITERION_CHECK(true, CRITERION_TEXTS(a, b), #a " is " #b, __VA_ARGS__)
#define cr_assert_str_neq(a, b, ...)                                                               \
	CRITERION_CHECK(true, !CRITERION_TEXTS(a, b), #a " is not " #b, __VA_ARGS__)
#define cr_assert_arr_eq(a, b, size, ...)                                                          \
	CRITERION_CHECK(true, memcmp(a, b, size) == 0, #a " equals " #b, __VA_ARGS__)
#define cr_assert_fail(...) CRITERION_CHECK(true, false, "never", __VA_ARGS__)

#define cr_expect(x, ...)      CRITERION_CHECK(false, x, #x, __VA_ARGS__)
#define cr_expect_not(x, ...)  CRITERION_CHECK(false, !(x), "not " #x, __VA_ARGS__)
#define cr_expect_null(x, ...) CRITERION_CHECK(false, (x) == NULL, #x " is NULL", __VA_ARGS__)
#define cr_expect_not_null(x, ...)                                                                 \
	CRITERION_CHECK(false, (x) != NULL, #x " is not NULL", __VA_ARGS__)
#define cr_expect_eq(a, b, ...)  CRITERION_CHECK(false, (a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_expect_neq(a, b, ...) CRITERION_CHECK(false, (a) != (b), #a " != " #b, __VA_ARGS__)
#define cr_expect_lt(a, b, ...)  CRITERION_CHECK(false, (a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_expect_leq(a, b, ...) CRITERION_CHECK(false, (a) <= (b), #a " <= " #b, __VA_ARGS__)
#define cr_expect_gt(a, b, ...)  CRITERION_CHECK(false, (a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_expect_geq(a, b, ...) CRITERION_CHECK(false, (a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...)                                                                \
	CRITERION_CHECK(false, CRITERION_TEXTS(a, b), #a " is " #b, __VA_ARGS__)
#define cr_expect_arr_eq(a, b, size, ...)                                                          \
	CRITERION_CHECK(false, memcmp(a, b, size) == 0, #a " equals " #b, __VA_ARGS__)

#define cr_skip(...)      criterion_skip(" " __VA_ARGS__)
#define cr_skip_test(...) criterion_skip(" " __VA_ARGS__)

#endif

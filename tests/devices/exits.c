/* The ways in which a program ends the run: test finisher and HTIF. */
#include "bench.h"
#include "devices/htif.h"
#include "devices/sifive_test.h"

#define FINISHER 0x100000ull
#define TOHOST   (BENCH_RAM_BASE + 0x1000)
#define FROMHOST (BENCH_RAM_BASE + 0x1040)

static struct bench bench;
static struct chardev *chardev;

static void setup(void)
{
	bench_init(&bench);
	chardev = chardev_buffer_new(NULL);
}

static void teardown(void)
{
	bench_fini(&bench);
	chardev_free(chardev);
}

TestSuite(finisher, .init = setup, .fini = teardown);
TestSuite(htif, .init = setup, .fini = teardown);

static void expect_stop(enum stop_kind kind, int status)
{
	cr_assert_eq(bench.machine.stop.kind, kind);
	cr_assert_eq(bench.machine.stop.status, status);
	bench.machine.stop = (struct stop){0};
}

Test(finisher, commands)
{
	bench_add(&bench, &sifive_test_ops, FINISHER, NULL);
	bench_write(&bench, FINISHER, 4, 0x5555);
	expect_stop(STOP_EXIT, 0);
	bench_write(&bench, FINISHER, 4, 0x00073333);
	expect_stop(STOP_EXIT, 7);
	bench_write(&bench, FINISHER, 4, 0x7777);
	expect_stop(STOP_RESET, 0);
	bench_write(&bench, FINISHER, 2, 0x5555);
	expect_stop(STOP_EXIT, 0);
}

Test(finisher, failure_status_stays_a_failure_and_a_guest_status)
{
	cr_assert_eq(sifive_test_status(0), 1);
	cr_assert_eq(sifive_test_status(1), 1);
	cr_assert_eq(sifive_test_status(123), 123);
	cr_assert_eq(sifive_test_status(124), 123);
	cr_assert_eq(sifive_test_status(0xffff), 123);
}

Test(finisher, other_values_and_offsets_do_nothing)
{
	bench_add(&bench, &sifive_test_ops, FINISHER, NULL);
	bench_write(&bench, FINISHER, 4, 0);
	bench_write(&bench, FINISHER, 4, 0x5554);
	bench_write(&bench, FINISHER + 4, 4, 0x5555);
	expect_stop(STOP_NONE, 0);
	cr_assert_eq(bench_read(&bench, FINISHER, 4), 0);
}

static void add_htif(void)
{
	const struct htif_config config = {TOHOST, FROMHOST, chardev};
	bench_add(&bench, &htif_ops, 0, &config);
}

Test(htif, exit_status)
{
	add_htif();
	bench_write(&bench, TOHOST, 8, 1);
	expect_stop(STOP_EXIT, 0);
	bench_write(&bench, TOHOST, 8, 5 << 1 | 1);
	expect_stop(STOP_EXIT, 5);
	bench_write(&bench, TOHOST, 8, 0xfffffffffffful);
	expect_stop(STOP_EXIT, 123);
	cr_assert_eq(bench_read(&bench, TOHOST, 8), 0, "taken");
}

Test(htif, exit_by_halves)
{
	add_htif();
	bench_write(&bench, TOHOST, 4, 3 << 1 | 1);
	expect_stop(STOP_NONE, 0);
	bench_write(&bench, TOHOST + 4, 4, 0);
	expect_stop(STOP_EXIT, 3);
	bench_write(&bench, TOHOST, 4, 1);
	expect_stop(STOP_NONE, 0);
	bench_write(&bench, TOHOST, 4, 1);
	expect_stop(STOP_EXIT, 0);
}

Test(htif, console)
{
	add_htif();
	for (const char *p = "ok\n"; *p; p++)
		bench_write(&bench, TOHOST, 8, 0x0101ull << 48 | (uint8_t)*p);
	cr_assert_str_eq(chardev_text(chardev, NULL), "ok\n");
	bench_write(&bench, TOHOST, 8, 0x0100ull << 48);
	cr_assert_eq(bench_read(&bench, FROMHOST, 8), 0, "no input yet");
	chardev_push(chardev, (const uint8_t *)"z", 1);
	cr_assert_eq(bench_read(&bench, FROMHOST, 8), 0x0100ull << 48 | 'z');
	bench_write(&bench, FROMHOST, 8, 0);
	cr_assert_eq(bench_read(&bench, FROMHOST, 8), 0);
	expect_stop(STOP_NONE, 0);
}

Test(htif, system_calls_end_the_run_with_a_message)
{
	add_htif();
	bench_write(&bench, TOHOST, 8, BENCH_RAM_BASE + 0x2000);
	cr_assert_eq(bench.machine.stop.kind, STOP_EXIT);
	cr_assert_eq(bench.machine.stop.status, 1);
	cr_assert(strstr(bench.machine.stop.text, "system call"));
}

Test(htif, ram_around_the_words_stays_ram)
{
	add_htif();
	for (uint64_t address = TOHOST + 8; address < FROMHOST; address += 8) {
		bench_write(&bench, address, 8, address);
		cr_assert_eq(bench_read(&bench, address, 8), address);
	}
	bench_write(&bench, TOHOST - 8, 8, 1);
	bench_write(&bench, FROMHOST + 8, 8, 1);
	expect_stop(STOP_NONE, 0);
}

Test(htif, hostile_symbols_are_refused)
{
	static const uint64_t bad[][2] = {
		{TOHOST + 1, 0         },
                {TOHOST,     TOHOST + 4},
                {TOHOST,     TOHOST    }
        };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error error = {0};
		const struct htif_config config = {bad[i][0], bad[i][1], NULL};
		cr_assert_null(bench_try(&bench, &htif_ops, 0, &config, &error));
		cr_assert_eq(error.exit_code, EXIT_CODE_BAD_IMAGE);
	}
	const struct htif_config last = {UINT64_MAX - 7, 0, NULL};
	bench_add(&bench, &htif_ops, 0, &last);
	bench_write(&bench, UINT64_MAX - 7, 8, 1);
	expect_stop(STOP_EXIT, 0);
}

// Listeners: acceptance cases LS-01 to LS-11.
#include "tests/bus/fixture.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct board board;
static char record[4096]; // "event who [range]; ..." of the current test

static void setup(void)
{
	board_init(&board, MB_WHOLE, MB_SPACE_MEMORY);
	record[0] = 0;
}

static void teardown(void)
{
	board_fini(&board);
}

TestSuite(listener, .init = setup, .fini = teardown);

static void note(const char *format, ...)
{
	size_t used = strlen(record);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(record + used, sizeof(record) - used, format, arguments);
	va_end(arguments);
}

static void expect_record(const char *expected)
{
	cr_assert_str_eq(record, expected);
	record[0] = 0;
}

static void note_section(const char *what, const struct mb_listener *listener,
			 const struct mb_section *section)
{
	note("%s %s %lx+%lx; ", what, listener->name, (unsigned long)section->offset_in_space,
	     (unsigned long)section->size);
}

static void on_begin(struct mb_listener *listener, const struct mb_change *change)
{
	(void)change;
	note("begin %s; ", listener->name);
}

static void on_commit(struct mb_listener *listener, const struct mb_change *change)
{
	(void)change;
	note("commit %s; ", listener->name);
}

static int on_add(struct mb_listener *listener, const struct mb_change *change,
		  const struct mb_section *section)
{
	(void)change;
	note_section("add", listener, section);
	return 0;
}

static void on_del(struct mb_listener *listener, const struct mb_change *change,
		   const struct mb_section *section)
{
	(void)change;
	note_section("del", listener, section);
}

static void on_nop(struct mb_listener *listener, const struct mb_change *change,
		   const struct mb_section *section)
{
	(void)change;
	note_section("nop", listener, section);
}

static void on_log_start(struct mb_listener *listener, const struct mb_change *change,
			 const struct mb_section *section, unsigned old_mask, unsigned new_mask)
{
	(void)change;
	note("log_start %s %lx %u-%u; ", listener->name, (unsigned long)section->offset_in_space,
	     old_mask, new_mask);
}

static void on_log_stop(struct mb_listener *listener, const struct mb_change *change,
			const struct mb_section *section, unsigned old_mask, unsigned new_mask)
{
	(void)change;
	note("log_stop %s %lx %u-%u; ", listener->name, (unsigned long)section->offset_in_space,
	     old_mask, new_mask);
}

#define LISTENER(who, level)                                                                       \
	{                                                                                          \
		.name = who, .priority = level, .begin = on_begin, .commit = on_commit,            \
		.region_add = on_add, .region_del = on_del                                         \
	}

struct trio {
	struct mb_listener a, b, p;
	struct mb_region *ram, *d;
};

// RAM [0, 10000), listeners A and B at priority 10, P at 0, and an unattached device d.
static void build_trio(struct trio *t)
{
	*t = (struct trio){LISTENER("A", 10), LISTENER("B", 10), LISTENER("P", 0), NULL, NULL};
	t->ram = new_ram(&board, "ram", 0x10000);
	t->d = new_null(&board, "d", 0x1000);
	mb_attach(board.root, 0, t->ram);
	mb_listen(board.space, &t->a);
	mb_listen(board.space, &t->b);
	mb_listen(board.space, &t->p);
	record[0] = 0;
}

static void end_trio(struct trio *t)
{
	mb_unlisten(&t->a);
	mb_unlisten(&t->b);
	mb_unlisten(&t->p);
}

Test(listener, LS_01_order_of_callbacks)
{
	struct trio t;

	build_trio(&t);
	mb_attach_overlap(board.root, 0x4000, t.d, 1);
	expect_record("begin P; begin A; begin B; "
		      "del B 0+10000; del A 0+10000; del P 0+10000; "
		      "add P 0+4000; add A 0+4000; add B 0+4000; "
		      "add P 4000+1000; add A 4000+1000; add B 4000+1000; "
		      "add P 5000+b000; add A 5000+b000; add B 5000+b000; "
		      "commit P; commit A; commit B; ");
	end_trio(&t);
}

Test(listener, LS_02_start_of_display_logging)
{
	struct mb_listener l = LISTENER("L", 0);
	struct mb_region *ram = new_ram(&board, "ram", 0x10000);

	l.region_nop = on_nop;
	l.log_start = on_log_start;
	l.log_stop = on_log_stop;
	mb_attach(board.root, 0, ram);
	mb_listen(board.space, &l);
	record[0] = 0;
	cr_assert_eq(mb_dirty_start(ram, MB_DIRTY_DISPLAY), 0);
	expect_record("begin L; nop L 0+10000; log_start L 0 0-1; commit L; ");
	cr_assert_eq(mb_dirty_start(ram, MB_DIRTY_DISPLAY), 0);
	expect_record("");
	cr_assert_eq(mb_dirty_stop(ram, MB_DIRTY_DISPLAY), 0);
	cr_assert_eq(mb_dirty_stop(ram, MB_DIRTY_DISPLAY), 0);
	expect_record("begin L; nop L 0+10000; log_stop L 0 1-0; commit L; ");
	cr_assert_eq(mb_dirty_stop(ram, MB_DIRTY_DISPLAY), -EINVAL);
	mb_unlisten(&l);
}

Test(listener, LS_03_readonly_flip)
{
	struct trio t;

	build_trio(&t);
	mb_unlisten(&t.b);
	mb_unlisten(&t.p);
	record[0] = 0;
	mb_set_readonly(t.ram, true);
	expect_record("begin A; del A 0+10000; add A 0+10000; commit A; ");
	mb_unlisten(&t.a);
}

Test(listener, LS_04_empty_transaction)
{
	struct trio t;

	build_trio(&t);
	mb_txn_begin(board.bus);
	mb_txn_begin(board.bus);
	cr_assert_eq(mb_txn_commit(board.bus), 0);
	cr_assert_eq(mb_txn_commit(board.bus), 0);
	expect_record("");
	end_trio(&t);
}

Test(listener, LS_05_change_that_cancels_itself)
{
	struct trio t;

	build_trio(&t);
	uint64_t number = mb_space_view_number(board.space);
	mb_txn_begin(board.bus);
	mb_attach_overlap(board.root, 0x4000, t.d, 1);
	mb_detach(t.d);
	cr_assert_eq(mb_txn_commit(board.bus), 0);
	expect_record("");
	cr_assert_eq(mb_space_view_number(board.space), number);
	end_trio(&t);
}

Test(listener, LS_06_LS_07_register_and_unregister_on_a_live_space)
{
	struct mb_listener c = LISTENER("C", 5);
	struct trio t;

	build_trio(&t);
	mb_attach_overlap(board.root, 0x4000, t.d, 1);
	mb_dirty_start(t.ram, MB_DIRTY_DISPLAY);
	record[0] = 0;
	c.log_start = on_log_start;
	c.log_stop = on_log_stop;
	cr_assert_eq(mb_listen(board.space, &c), 0);
	expect_record("begin C; add C 0+4000; log_start C 0 0-1; add C 4000+1000; "
		      "add C 5000+b000; log_start C 5000 0-1; commit C; ");
	cr_assert_eq(mb_listen(board.space, &c), -EBUSY);
	mb_unlisten(&c);
	expect_record("begin C; log_stop C 0 1-0; del C 0+4000; del C 4000+1000; "
		      "log_stop C 5000 1-0; del C 5000+b000; commit C; ");
	end_trio(&t);
}

struct host_check {
	struct mb_listener listener;
	uint8_t *host;
	unsigned changes;
};

static void on_view_changed(struct mb_listener *listener, const struct mb_change *change)
{
	struct host_check *check = listener->opaque;
	const struct mb_range *before = mb_view_lookup(change->old_view, 0xf000);
	const struct mb_range *after = mb_view_lookup(change->new_view, 0xf000);

	// The page that did not move has the same host byte in both views, and it can be used now.
	check->changes++;
	cr_assert_eq(before->ram, after->ram);
	cr_assert_eq(before->ram->host + before->section.offset_in_region + 0xf000 - before->first,
		     check->host);
	cr_assert_eq(after->ram->host + after->section.offset_in_region + 0xf000 - after->first,
		     check->host);
	cr_assert_eq(*check->host, 0x42);
}

Test(listener, LS_08_moving_a_neighbour)
{
	struct host_check check = {
		.listener = {.opaque = &check, .view_changed = on_view_changed}
        };
	struct trio t;

	build_trio(&t);
	mb_unlisten(&t.b);
	mb_unlisten(&t.p);
	mb_attach_overlap(board.root, 0x4000, t.d, 1);
	check.host = host_of(t.ram) + 0xf000;
	*check.host = 0x42;
	mb_listen(board.space, &check.listener);
	record[0] = 0;
	mb_move(t.d, 0x6000);
	expect_record("begin A; del A 0+4000; del A 4000+1000; del A 5000+b000; "
		      "add A 0+6000; add A 6000+1000; add A 7000+9000; commit A; ");
	cr_assert_eq(check.changes, 1);
	mb_move(t.d, 0x6000);
	expect_record("");
	cr_assert_eq(check.changes, 1);
	mb_unlisten(&check.listener);
	mb_unlisten(&t.a);
}

static int lookup_in_add(struct mb_listener *listener, const struct mb_change *change,
			 const struct mb_section *section)
{
	struct mb_resolved where;

	(void)section;
	mb_resolve(change->space, 0x4000, MB_READ, MB_ATTRS_NONE, &where);
	note("%s %s/%s; ", listener->name, mb_region_name(where.range->section.region),
	     mb_region_name(mb_view_lookup(change->new_view, 0x4000)->section.region));
	return 0;
}

static void lookup_in_commit(struct mb_listener *listener, const struct mb_change *change)
{
	struct mb_resolved where;

	mb_resolve(change->space, 0x4000, MB_READ, MB_ATTRS_NONE, &where);
	note("commit %s; ", mb_region_name(where.range->section.region));
	(void)listener;
}

Test(listener, LS_09_lookups_from_callbacks)
{
	struct mb_listener l = {.name = "add"};
	struct trio t;

	build_trio(&t);
	end_trio(&t);
	mb_listen(board.space, &l);
	l.region_add = lookup_in_add;
	l.commit = lookup_in_commit;
	record[0] = 0;
	mb_attach_overlap(board.root, 0x4000, t.d, 1);
	expect_record("add ram/d; add ram/d; add ram/d; commit d; ");
	l.commit = NULL;
	mb_unlisten(&l);
}

static int global_start(struct mb_listener *listener)
{
	note("start %s; ", listener->name);
	return listener->opaque ? -ENOSPC : 0;
}

static void global_stop(struct mb_listener *listener)
{
	note("stop %s; ", listener->name);
}

#define GLOBAL_LISTENER(who, level)                                                                \
	{                                                                                          \
		.name = who, .priority = level, .log_global_start = global_start,                  \
		.log_global_stop = global_stop                                                     \
	}

Test(listener, LS_10_refused_global_tracking_is_undone)
{
	struct mb_listener first = GLOBAL_LISTENER("1", 1), second = GLOBAL_LISTENER("2", 2);
	struct mb_listener third = GLOBAL_LISTENER("3", 3);
	struct mb_region *ram = new_ram(&board, "ram", 0x1000);
	struct mb_resolved where;

	third.opaque = &third;
	mb_attach(board.root, 0, ram);
	mb_listen(board.space, &third);
	mb_listen(board.space, &first);
	mb_listen(board.space, &second);
	cr_assert_eq(mb_dirty_global_start(board.bus, 1), -ENOSPC);
	expect_record("start 1; start 2; start 3; stop 2; stop 1; ");
	mb_resolve(board.space, 0, MB_READ, MB_ATTRS_NONE, &where);
	cr_assert_eq(where.range->section.dirty_mask, 0);

	third.opaque = NULL;
	cr_assert_eq(mb_dirty_global_start(board.bus, 1), 0);
	cr_assert_eq(mb_dirty_global_start(board.bus, 2), 0);
	expect_record("start 1; start 2; start 3; ");
	mb_resolve(board.space, 0, MB_READ, MB_ATTRS_NONE, &where);
	cr_assert_eq(where.range->section.dirty_mask, 1 << MB_DIRTY_MIGRATION);
	mb_dirty_global_stop(board.bus, 1);
	expect_record("");
	mb_dirty_global_stop(board.bus, 2);
	expect_record("stop 3; stop 2; stop 1; ");
	mb_unlisten(&first);
	mb_unlisten(&second);
	mb_unlisten(&third);
}

Test(listener, LS_10_stop_while_paused_is_postponed)
{
	struct mb_listener l = GLOBAL_LISTENER("L", 0);

	mb_listen(board.space, &l);
	mb_dirty_global_start(board.bus, 1);
	mb_bus_set_running(board.bus, false);
	record[0] = 0;
	mb_dirty_global_stop(board.bus, 1);
	expect_record("");
	mb_bus_set_running(board.bus, true);
	expect_record("stop L; ");
	mb_unlisten(&l);
}

Test(listener, LS_11_attach_into_a_disabled_container)
{
	struct mb_region *box = new_container(&board, "box", 0x2000);
	struct trio t;

	build_trio(&t);
	mb_unlisten(&t.b);
	mb_unlisten(&t.p);
	mb_enable(box, false);
	mb_attach_overlap(board.root, 0x4000, box, 1);
	record[0] = 0;
	mb_attach(box, 0, t.d);
	expect_record("");
	mb_enable(box, true);
	expect_record("begin A; del A 0+10000; add A 0+4000; add A 4000+1000; add A 5000+b000; "
		      "commit A; ");
	mb_unlisten(&t.a);
}

static int refuse_second(struct mb_listener *listener, const struct mb_change *change,
			 const struct mb_section *section)
{
	on_add(listener, change, section);
	return section->offset_in_space ? -ENOSPC : 0;
}

Test(listener, refused_registration_is_unwound)
{
	struct mb_listener l = LISTENER("L", 0);

	l.region_add = refuse_second;
	mb_attach(board.root, 0, new_ram(&board, "a", 0x1000));
	mb_attach(board.root, 0x2000, new_ram(&board, "b", 0x1000));
	cr_assert_eq(mb_listen(board.space, &l), -ENOSPC);
	expect_record("begin L; add L 0+1000; add L 2000+1000; del L 0+1000; commit L; ");
	mb_attach(board.root, 0x4000, new_ram(&board, "c", 0x1000));
	expect_record("");
}

static struct mb_region *to_attach;

static void attach_in_commit(struct mb_listener *listener, const struct mb_change *change)
{
	on_commit(listener, change);
	if (to_attach) {
		struct mb_region *region = to_attach;

		to_attach = NULL;
		cr_assert_eq(mb_attach(mb_space_root(change->space), 0x8000, region), 0);
	}
}

Test(listener, change_from_a_callback_is_a_transaction_of_its_own)
{
	struct mb_listener l = LISTENER("L", 0);

	mb_listen(board.space, &l);
	l.commit = attach_in_commit;
	to_attach = new_null(&board, "late", 0x1000);
	record[0] = 0;
	mb_attach(board.root, 0, new_null(&board, "early", 0x1000));
	expect_record("begin L; add L 0+1000; commit L; begin L; add L 8000+1000; commit L; ");
	mb_unlisten(&l);
}

Test(listener, only_spaces_that_show_the_region_are_told)
{
	struct mb_listener here = LISTENER("here", 0), there = LISTENER("there", 0);
	struct mb_region *other_root = new_container(&board, "other", 0x10000);
	struct mb_region *shared = new_container(&board, "shared", 0x10000);
	struct mb_space *other;

	cr_assert_eq(mb_space_new(board.bus, "other", other_root, MB_SPACE_MEMORY, &other), 0);
	mb_listen(board.space, &here);
	mb_listen(other, &there);
	mb_attach(board.root, 0, new_alias(&board, "window", shared, 0, 0x10000));
	record[0] = 0;
	mb_attach(shared, 0, new_null(&board, "x", 0x1000));
	expect_record("begin here; add here 0+1000; commit here; ");
	mb_attach(other_root, 0, new_null(&board, "y", 0x1000));
	expect_record("begin there; add there 0+1000; commit there; ");
	mb_txn_begin(board.bus);
	mb_attach(shared, 0x2000, new_null(&board, "x2", 0x1000));
	mb_attach(other_root, 0x2000, new_null(&board, "y2", 0x1000));
	cr_assert_eq(mb_txn_commit(board.bus), 2);
	expect_record("begin here; begin there; add here 2000+1000; add there 2000+1000; "
		      "commit here; commit there; ");
	mb_unlisten(&here);
	mb_unlisten(&there);
	mb_space_free(other);
}

static void on_sync(struct mb_listener *listener, const struct mb_section *section)
{
	note_section("sync", listener, section);
}

static void on_sync_global(struct mb_listener *listener)
{
	note("sync_global %s; ", listener->name);
}

Test(listener, dirty_sync)
{
	struct mb_listener each = {.name = "each", .log_sync = on_sync};
	struct mb_listener all = {.name = "all", .log_sync_global = on_sync_global};
	struct mb_listener both = {.log_sync = on_sync, .log_sync_global = on_sync_global};
	struct mb_region *ram = new_ram(&board, "ram", 0x1000);

	mb_attach(board.root, 0, ram);
	mb_attach(board.root, 0x1000, new_ram(&board, "unlogged", 0x1000));
	cr_assert_eq(mb_listen(board.space, &both), -EINVAL);
	mb_listen(board.space, &each);
	mb_listen(board.space, &all);
	mb_dirty_start(ram, MB_DIRTY_DISPLAY);
	mb_dirty_sync(board.bus);
	expect_record("sync each 0+1000; sync_global all; ");
	mb_unlisten(&each);
	mb_unlisten(&all);
}

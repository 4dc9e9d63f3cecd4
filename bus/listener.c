// Listeners: registration, the difference of two views, and the order of callbacks.
#include "bus/internal.h"

#include <errno.h>

static void insert_listener(struct mb_bus *bus, struct mb_listener *listener)
{
	struct mb_listener *before = bus->listeners;

	while (before && before->priority <= listener->priority)
		before = before->next;
	listener->next = before;
	listener->previous = before ? before->previous : bus->listeners_last;
	if (listener->previous)
		listener->previous->next = listener;
	else
		bus->listeners = listener;
	if (before)
		before->previous = listener;
	else
		bus->listeners_last = listener;
}

static void remove_listener(struct mb_bus *bus, struct mb_listener *listener)
{
	if (listener->previous)
		listener->previous->next = listener->next;
	else
		bus->listeners = listener->next;
	if (listener->next)
		listener->next->previous = listener->previous;
	else
		bus->listeners_last = listener->previous;
	listener->next = listener->previous = NULL;
	listener->space = NULL;
}

static void tell_del(const struct mb_change *change, const struct mb_section *section)
{
	struct mb_listener *listener = change->space->bus->listeners_last;

	for (; listener; listener = listener->previous)
		if (listener->space == change->space && listener->region_del)
			listener->region_del(listener, change, section);
}

static void tell_add(const struct mb_change *change, const struct mb_section *section)
{
	struct mb_listener *listener = change->space->bus->listeners;

	for (; listener; listener = listener->next)
		if (listener->space == change->space && listener->region_add)
			listener->region_add(listener, change, section);
}

static void tell_nop(const struct mb_change *change, const struct mb_section *section)
{
	struct mb_listener *listener = change->space->bus->listeners;

	for (; listener; listener = listener->next)
		if (listener->space == change->space && listener->region_nop)
			listener->region_nop(listener, change, section);
}

static void tell_log(const struct mb_change *change, const struct mb_section *section,
		     unsigned old_mask, unsigned new_mask)
{
	struct mb_bus *bus = change->space->bus;
	struct mb_listener *listener;

	if (new_mask & ~old_mask)
		for (listener = bus->listeners; listener; listener = listener->next)
			if (listener->space == change->space && listener->log_start)
				listener->log_start(listener, change, section, old_mask, new_mask);
	if (old_mask & ~new_mask)
		for (listener = bus->listeners_last; listener; listener = listener->previous)
			if (listener->space == change->space && listener->log_stop)
				listener->log_stop(listener, change, section, old_mask, new_mask);
}

// One pass over both sorted lists; the delete pass tells only what goes, the add pass the rest.
static void tell_difference(const struct mb_change *change, bool adding)
{
	const struct mb_view *before = change->old_view, *after = change->new_view;
	size_t i = 0, j = 0;

	while (i < before->count || j < after->count) {
		const struct mb_range *old = i < before->count ? &before->ranges[i] : NULL;
		const struct mb_range *new = j < after->count ? &after->ranges[j] : NULL;
		bool equal = old && new &&range_equal(old, new);

		if (equal) {
			if (adding) {
				tell_nop(change, &new->section);
				tell_log(change, &new->section, old->section.dirty_mask,
					 new->section.dirty_mask);
			}
			i++;
			j++;
		} else if (old && (!new || old->first <= new->first)) {
			if (!adding)
				tell_del(change, &old->section);
			i++;
		} else {
			if (adding)
				tell_add(change, &new->section);
			j++;
		}
	}
}

static void publish(const struct mb_change *change)
{
	struct mb_space *space = change->space;
	struct mb_listener *listener;

	space->replaced = space->view;
	space->view = space->pending;
	space->hit = 0;
	for (listener = space->bus->listeners; listener; listener = listener->next)
		if (listener->space == space && listener->view_changed)
			listener->view_changed(listener, change);
}

void listeners_announce(struct mb_bus *bus)
{
	struct mb_listener *listener;

	for (listener = bus->listeners; listener; listener = listener->next) {
		struct mb_space *space = listener->space;
		struct mb_change change = {space, space->view, space->pending};

		if (space->pending && listener->begin)
			listener->begin(listener, &change);
	}
	for (struct mb_space *space = bus->spaces; space; space = space->next) {
		struct mb_change change = {space, space->view, space->pending};

		if (!space->pending)
			continue;
		tell_difference(&change, false);
		tell_difference(&change, true);
		publish(&change);
	}
	for (listener = bus->listeners; listener; listener = listener->next) {
		struct mb_space *space = listener->space;
		struct mb_change change = {space, space->replaced, space->view};

		if (space->pending && listener->commit)
			listener->commit(listener, &change);
	}
	for (struct mb_space *space = bus->spaces; space; space = space->next)
		space->pending = NULL;
}

// Takes back the first @count ranges that a listener was given.
static void retract(struct mb_listener *listener, const struct mb_change *change,
		    const struct mb_view *view, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct mb_section *section = &view->ranges[i].section;

		if (section->dirty_mask && listener->log_stop)
			listener->log_stop(listener, change, section, section->dirty_mask, 0);
		if (listener->region_del)
			listener->region_del(listener, change, section);
	}
}

static int replay(struct mb_listener *listener, const struct mb_change *change)
{
	const struct mb_view *view = change->new_view;

	for (size_t i = 0; i < view->count; i++) {
		const struct mb_section *section = &view->ranges[i].section;
		int error =
			listener->region_add ? listener->region_add(listener, change, section) : 0;

		if (error) {
			retract(listener, change, view, i);
			return error;
		}
		if (section->dirty_mask && listener->log_start)
			listener->log_start(listener, change, section, 0, section->dirty_mask);
	}
	return 0;
}

int mb_listen(struct mb_space *space, struct mb_listener *listener)
{
	struct mb_change change = {space, NULL, space->view};
	bool logging = space->bus->global_reasons != 0;
	int error = 0;

	if (listener->log_sync && listener->log_sync_global)
		return -EINVAL;
	if (listener->space)
		return -EBUSY;
	listener->space = space;
	insert_listener(space->bus, listener);
	if (listener->begin)
		listener->begin(listener, &change);
	if (logging && listener->log_global_start)
		error = listener->log_global_start(listener);
	if (!error) {
		error = replay(listener, &change);
		if (error && logging && listener->log_global_stop)
			listener->log_global_stop(listener);
	}
	if (listener->commit)
		listener->commit(listener, &change);
	if (error)
		remove_listener(space->bus, listener);
	return error;
}

void mb_unlisten(struct mb_listener *listener)
{
	struct mb_space *space = listener->space;
	struct mb_change change;

	if (!space)
		return;
	change = (struct mb_change){space, space->view, NULL};
	if (listener->begin)
		listener->begin(listener, &change);
	retract(listener, &change, space->view, space->view->count);
	if (listener->commit)
		listener->commit(listener, &change);
	remove_listener(space->bus, listener);
}

void listeners_forget(struct mb_space *space)
{
	struct mb_listener *listener = space->bus->listeners;

	while (listener) {
		struct mb_listener *next = listener->next;

		if (listener->space == space)
			remove_listener(space->bus, listener);
		listener = next;
	}
}

int listeners_global_start(struct mb_bus *bus)
{
	struct mb_listener *listener;

	for (listener = bus->listeners; listener; listener = listener->next) {
		int error = listener->log_global_start ? listener->log_global_start(listener) : 0;

		if (!error)
			continue;
		for (listener = listener->previous; listener; listener = listener->previous)
			if (listener->log_global_stop)
				listener->log_global_stop(listener);
		return error;
	}
	return 0;
}

void listeners_global_stop(struct mb_bus *bus)
{
	struct mb_listener *listener = bus->listeners_last;

	for (; listener; listener = listener->previous)
		if (listener->log_global_stop)
			listener->log_global_stop(listener);
}

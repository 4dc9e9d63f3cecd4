#include "core/observer.h"

#include <stddef.h>

static void recount(struct observer_list *list)
{
	list->kinds = 0;
	for (struct observer *observer = list->head; observer; observer = observer->next)
		list->kinds |= observer->kinds;
}

void observer_add(struct observer_list *list, struct observer *observer)
{
	struct observer **link = &list->head;
	while (*link)
		link = &(*link)->next;
	observer->next = NULL;
	*link = observer;
	recount(list);
}

void observer_remove(struct observer_list *list, struct observer *observer)
{
	struct observer **link = &list->head;
	while (*link && *link != observer)
		link = &(*link)->next;
	if (*link)
		*link = observer->next;
	observer->next = NULL;
	recount(list);
}

void observer_notify(const struct observer_list *list, const struct cpu *cpu,
		     const struct observation *observation)
{
	for (struct observer *observer = list->head; observer; observer = observer->next)
		if (observer->kinds & OBSERVE_BIT(observation->kind))
			observer->notify(observer->opaque, cpu, observation);
}

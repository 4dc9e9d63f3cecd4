/*
 * A machine: CPUs, an address space, one clock, observers, registered state. A value; several can
 * live in one process. Boards (machines/) fill it in.
 */
#ifndef CORE_MACHINE_H
#define CORE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/clock.h"
#include "core/cpu.h"
#include "core/log.h"
#include "core/observer.h"
#include "core/state.h"

#define MACHINE_MAX_CPUS 16

/* Why a machine stopped running. The values are in recorded sessions: new ones go to the end. */
enum stop_kind {
	STOP_NONE,
	STOP_EXIT,         /* the guest powered off; status is its exit status */
	STOP_RESET,        /* the guest asked for a reset */
	STOP_QUIT,         /* the user asked (C-a x) */
	STOP_TIMEOUT,      /* host time limit */
	STOP_ICOUNT_LIMIT, /* --icount-limit */
	STOP_TRAP_LOOP,    /* no progress but traps */
	STOP_PANIC,        /* the guest's kernel panicked */
	STOP_STRICT,       /* --strict: UNPREDICTABLE or reserved use */
	STOP_DEADLOCK,     /* every CPU waits and nothing can wake one */
	STOP_SIGNAL,       /* a host signal; status is its number */
	STOP_DEBUG,        /* a debugger took over */
	STOP_DIVERGED,     /* a replay does not do what was recorded */
	STOP_KIND_COUNT
};

struct stop {
	enum stop_kind kind;
	int status;     /* exit status, or signal number */
	char text[160]; /* for people */
};

/* One of the last traps, kept for the report of a run that ends badly. */
struct machine_trap {
	struct trap trap;
	uint64_t icount; /* virtual time in ticks, before the instruction */
	uint32_t cpu;    /* index */
};
#define MACHINE_TRAPS 16

/* How an engine runs one CPU; chosen per machine. */
struct engine_ops {
	const char *name; /* "step", "interp" */
	/*
	 * Runs until cpu_now(cpu) == until, or a stop is requested, or cpu->halted or ->stopped is
	 * set. Never goes past until.
	 */
	void (*run)(struct cpu *cpu, uint64_t until);
	/* Makes machine->clock.now exact while an instruction executes. */
	void (*sync_clock)(struct cpu *cpu);
};

struct machine {
	struct cpu *cpu[MACHINE_MAX_CPUS];
	unsigned cpu_count;
	struct mb_space *memory; /* system address space */
	struct clock clock;
	struct observer_list observers;
	struct machine_trap traps[MACHINE_TRAPS]; /* a ring; see traps_noted */
	uint64_t traps_noted; /* ever; the last one is traps[(traps_noted - 1) % MACHINE_TRAPS] */
	struct state_registry state;
	struct log log;
	struct stop stop; /* first request wins */
	const struct engine_ops *engine;

	uint64_t quantum;      /* ticks per round-robin turn */
	uint64_t icount_limit; /* instructions of all CPUs, trapped ones too; CLOCK_NEVER: none */
	unsigned trap_loop;    /* traps without progress before STOP_TRAP_LOOP; 0: off */
	uint64_t target;       /* where the current round ends */
	struct cpu *running;   /* the CPU whose turn it is, or NULL */
	/*
	 * A stop in the middle of a round leaves here where it was, so that the next run goes on
	 * with the same CPU and everybody's turns are as if there had been no stop.
	 */
	uint64_t round_start;
	uint32_t turn;    /* index of the CPU that was running */
	bool interrupted; /* there is such a round */
	uint32_t repeats; /* rounds that have ended at this very tick, beyond the first */

	/*
	 * Called between rounds every poll_interval ticks and when all CPUs idle; looks at host
	 * input and may inject it or request a stop. idle_until is CLOCK_NEVER, or the tick of the
	 * next event or of the end of the run: when idle is true the callee may sleep, and returns
	 * true if it injected something. May be NULL.
	 */
	bool (*poll)(void *opaque, bool idle, uint64_t idle_until);
	void *poll_opaque;
	uint64_t poll_interval;
	uint64_t next_poll;
	/*
	 * Called with poll_opaque between rounds and after what may be slow work for one
	 * instruction: device writes, firmware calls. So a guest that makes each of its ticks
	 * expensive does not outlast a time limit, a signal or a key. May request a stop and
	 * nothing else, for a run must not depend on when it is called. May be NULL.
	 */
	void (*look)(void *opaque);

	void *board; /* owner: machines/ */
};

/* Zeroes it and sets defaults: 1 ns per tick, quantum 10,000, no limits, silent log. */
void machine_init(struct machine *machine);
void machine_fini(struct machine *machine);

/* Appends a CPU (index is set). Returns 0, or -1 if MACHINE_MAX_CPUS are there or memory is out. */
int machine_add_cpu(struct machine *machine, struct cpu *cpu);

/* Requests a stop; the first request is kept. The running CPU leaves after its instruction. */
void machine_stop(struct machine *machine, enum stop_kind kind, int status, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Tells observers of traps; machine_note_trap() does it when there are any. */
void machine_observe_trap(struct machine *machine, const struct cpu *cpu, const struct trap *trap);

/*
 * A trap was delivered (by the ISA, once its fields are final; clock.now is exact): keeps it, and
 * tells observers.
 */
static inline void machine_note_trap(struct machine *machine, const struct cpu *cpu,
				     const struct trap *trap)
{
	struct machine_trap *kept = &machine->traps[machine->traps_noted++ % MACHINE_TRAPS];
	kept->trap = *trap;
	kept->icount = machine->clock.now;
	kept->cpu = cpu->index;
	if (observer_wants(&machine->observers, OBSERVE_TRAP))
		machine_observe_trap(machine, cpu, trap);
}

/* Gives machine->look its chance. */
static inline void machine_look(struct machine *machine)
{
	if (machine->look)
		machine->look(machine->poll_opaque);
}

/* Runs until a stop is requested; returns its kind (also in machine->stop). */
enum stop_kind machine_run(struct machine *machine);

/* Runs until the clock reaches tick, or a stop. Used by tests, lockstep and the debugger. */
enum stop_kind machine_run_until(struct machine *machine, uint64_t tick);

/*
 * With no CPU that can run, does what machine_run() does then: goes to the next event or waits for
 * input, and stops the machine (STOP_DEADLOCK) if there is neither. For callers that run a machine
 * piece by piece, since machine_run_until() lets time pass.
 */
void machine_skip_idle(struct machine *machine);

#endif

#include "src/cli/session.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "engine/engine.h"
#include "src/cli/initramfs.h"
#include "src/cli/jit_dump.h"
#include "src/cli/lockstep.h"
#include "src/cli/observe.h"
#include "src/cli/report.h"
#include "trace/trace.h"

#define LOOK_NS 50000000ull

static uint64_t host_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

uint64_t session_ns(const struct session *session)
{
	return host_ns() - session->start_ns;
}

void session_init(struct session *session, const struct machine_options *options)
{
	memset(session, 0, sizeof(*session));
	session->options = options;
	session->signal_fd = -1;
}

void session_set_serial(struct session *session, struct chardev *serial)
{
	session->serial = serial;
}

void session_add_file(struct session *session, const struct session_file *file)
{
	if (session->file_count < SESSION_FILES_MAX)
		session->files[session->file_count++] = *file;
}

/* SIGINT and friends become a stop request: read in poll, no handler, no global. */
static void catch_signals(struct session *session)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a disk image at the file size limit: the guest's I/O error */
	session->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void look_at_host(struct session *session)
{
	struct signalfd_siginfo info;
	session->looked_ns = host_ns();
	if (session->signal_fd >= 0 &&
	    read(session->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		session->ended_by_host = true;
		session->signal = (int)info.ssi_signo;
		machine_stop(session->machine, STOP_SIGNAL, session->signal, "signal %d",
			     session->signal);
	}
	if (session->deadline_ns && session->looked_ns >= session->deadline_ns) {
		session->ended_by_host = true;
		machine_stop(session->machine, STOP_TIMEOUT, 0, "the time limit of %llu ms is over",
			     (unsigned long long)session->options->timeout);
	}
	if (session->serial)
		chardev_look_for_keys(session->serial);
	if (session->serial && chardev_failed(session->serial) == EPIPE)
		machine_stop(session->machine, STOP_SIGNAL, SIGPIPE,
			     "the reader of the console is gone");
}

/* Work that is slow for its ticks must not keep signals and the time limit waiting. */
static void look_now_and_then(void *opaque)
{
	struct session *session = opaque;
	if (host_ns() - session->looked_ns >= LOOK_NS)
		look_at_host(session);
}

/* Nobody reads the console: signals and the time limit still count. */
static bool wait_for_reader(void *opaque)
{
	struct session *session = opaque;
	look_at_host(session);
	return !session->ended_by_host;
}

/* Host milliseconds to sleep: until the guest's next event, the deadline, or for ever (-1). */
static int sleep_time(const struct session *session, uint64_t idle_until)
{
	const struct clock *clock = &session->machine->clock;
	uint64_t limit = UINT64_MAX;
	if (idle_until != CLOCK_NEVER)
		limit = clock_ns_at(clock, idle_until) - clock_ns(clock);
	if (session->deadline_ns) {
		uint64_t now = host_ns();
		uint64_t left = session->deadline_ns > now ? session->deadline_ns - now : 0;
		limit = left < limit ? left : limit;
	}
	if (limit == UINT64_MAX)
		return -1;
	return limit / 1000000 > 1000000 ? 1000000 : (int)(limit / 1000000);
}

/* Time passes at the host's pace while somebody may type, and as fast as possible otherwise. */
static bool poll_host(void *opaque, bool idle, uint64_t idle_until)
{
	struct session *session = opaque;
	look_at_host(session);
	observe_flush(session);
	bool got = board_poll(session->machine, false, idle_until);
	if (!idle || got || session->machine->stop.kind != STOP_NONE)
		return got;
	int fd = chardev_input_fd(session->serial);
	if (fd < 0 || chardev_input_ended(session->serial))
		return false;
	chardev_flush(session->serial);
	struct pollfd wait[] = {
		{.fd = fd,                 .events = POLLIN},
		{.fd = session->signal_fd, .events = POLLIN},
	};
	poll(wait, 2, sleep_time(session, idle_until));
	look_at_host(session);
	got = board_poll(session->machine, false, idle_until);
	/* Nobody will type any more, or not yet: with no event due, ask again. */
	return got || (idle_until == CLOCK_NEVER && !chardev_input_ended(session->serial));
}

static void quit_key(void *opaque, enum chardev_key key)
{
	struct session *session = opaque;
	if (key != CHARDEV_KEY_QUIT)
		return;
	session->ended_by_host = true;
	machine_stop(session->machine, STOP_QUIT, 0, "C-a x");
}

static void guest_request(void *opaque, const char *word)
{
	struct session *session = opaque;
	condition_request(&session->snapshot.condition, word);
}

static int configure_sbi(struct session *session, struct board_config *config, struct error *error)
{
	const char *text = session->options->sbi;
	sbi_config_default(&session->sbi);
	config->sbi = &session->sbi;
	if (!text || !strcmp(text, "on") || !strcmp(text, "default"))
		return 0;
	if (!strncmp(text, "on,", 3))
		return sbi_config_parse(&session->sbi, text + 3, error);
	if (!strcmp(text, "off") || !strcmp(text, "none")) {
		config->firmware = BOARD_FIRMWARE_OFF;
		return 0;
	}
	if (strchr(text, '=') && access(text, F_OK))
		return sbi_config_parse(&session->sbi, text, error);
	config->firmware = BOARD_FIRMWARE_FILE;
	config->firmware_path = text;
	return 0;
}

static int configure_clock(const struct machine_options *options, struct board_config *config,
			   struct error *error)
{
	config->ns_numerator = options->insn_ns;
	config->ns_denominator = 1;
	if (options->insn_ns == 0 || options->insn_ns > 1000000)
		return error_set(error, EXIT_CODE_USAGE, "--insn-ns %llu: expected 1 to 1000000",
				 (unsigned long long)options->insn_ns);
	if (!options->rtc)
		return 0;
	if (!strcmp(options->rtc, "host")) {
		config->rtc_epoch_ns = (uint64_t)time(NULL) * 1000000000ull;
		return 0;
	}
	char *end;
	errno = 0;
	uint64_t seconds = strtoull(options->rtc, &end, 10);
	if (!*options->rtc || *end || errno || seconds > UINT64_MAX / 1000000000ull)
		return error_set(error, EXIT_CODE_USAGE,
				 "--rtc %s: expected 'host' or seconds since 1970", options->rtc);
	config->rtc_epoch_ns = seconds * 1000000000ull;
	return 0;
}

int session_choose_arch(const struct machine_options *options, struct board_config *config,
			struct error *error)
{
	static const struct {
		const char *name;
		enum image_arch arch;
	} names[] = {
		{"riscv64", IMAGE_ARCH_RISCV64},
		{"aarch64", IMAGE_ARCH_AARCH64},
		{"arm64",   IMAGE_ARCH_AARCH64},
	};
	for (unsigned i = 0; options->arch && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(options->arch, names[i].name) != 0)
			continue;
		config->arch = names[i].arch;
		return 0;
	}
	if (options->arch)
		return error_set(error, EXIT_CODE_USAGE,
				 "--arch %.40s: expected riscv64 or aarch64", options->arch);
	bool arm = options->kernel &&
		   image_guess_arch(options->kernel, options->memory) == IMAGE_ARCH_AARCH64;
	config->arch = arm ? IMAGE_ARCH_AARCH64 : IMAGE_ARCH_RISCV64;
	return 0;
}

static int configure_cpu(const struct machine_options *options, struct board_config *config,
			 struct error *error)
{
	if (!options->cpu)
		return 0;
	return config->arch == IMAGE_ARCH_AARCH64
		       ? arm64_config_parse(&config->arm64, options->cpu, error)
		       : riscv_config_parse(&config->riscv, options->cpu, error);
}

static int check_names(const struct machine_options *options, struct error *error)
{
	if (options->display && strcmp(options->display, "none"))
		return error_set(error, EXIT_CODE_USAGE,
				 "--display %s: only 'none' is there in this version",
				 options->display);
	if (options->strict)
		return error_set(error, EXIT_CODE_USAGE,
				 "--strict is not available in this version");
	if (options->stats && *options->stats && strcmp(options->stats, "json"))
		return error_set(error, EXIT_CODE_USAGE, "--stats=%s: expected 'json' or nothing",
				 options->stats);
	if (options->state_hash_every && options->lockstep)
		return error_set(error, EXIT_CODE_USAGE,
				 "--state-hash-every: not together with --lockstep");
	if (options->trap_loop > UINT_MAX)
		return error_set(error, EXIT_CODE_USAGE, "--trap-loop %llu: expected 0 to %u",
				 (unsigned long long)options->trap_loop, UINT_MAX);
	/* A turn must hold an LR/SC loop, since a reservation ends with it. */
	if (options->quantum && (options->quantum < 64 || options->quantum > 100000000))
		return error_set(error, EXIT_CODE_USAGE, "--quantum %llu: expected 64 to 100000000",
				 (unsigned long long)options->quantum);
	return 0;
}

static int configure_log(const struct machine_options *options, struct log *log,
			 struct error *error)
{
	log_init(log, stderr, options->quiet ? LOG_ERROR : LOG_WARN);
	if (options->verbose)
		log_init(log, stderr, options->verbose > 1 ? LOG_DEBUG : LOG_INFO);
	for (unsigned i = 0; i < options->logs.count; i++)
		if (log_configure(log, options->logs.items[i]))
			return error_set(
				error, EXIT_CODE_USAGE,
				"--log %s: expected [PART=]LEVEL; parts: machine bus mmu "
				"engine cpu sbi device loader; levels: error warn info debug",
				options->logs.items[i]);
	return 0;
}

/* Linux needs to be told where its console is; a command is better seen without boot messages. */
static const char *kernel_command_line(struct session *session, enum image_arch arch)
{
	bool arm = arch == IMAGE_ARCH_AARCH64;
	const struct machine_options *options = session->options;
	if (options->append)
		return options->append;
	if (session->command && !options->verbose)
		return arm ? "console=ttyAMA0 quiet" : "console=ttyS0 quiet";
	return arm ? "console=ttyAMA0" : "console=ttyS0";
}

static const struct engine_ops *find_engine(const char *option, const char *name,
					    struct error *error)
{
	const struct engine_ops *engine = engine_find(name);
	if (!engine)
		error_set(error, EXIT_CODE_USAGE,
			  strcmp(name, "jit") ? "--%s %s: expected 'step', 'interp' or 'jit'"
					      : "--%s %s: not available on this host",
			  option, name);
	return engine;
}

static int configure(struct session *session, struct board_config *config, struct log *log,
		     struct error *error)
{
	const struct machine_options *options = session->options;
	board_config_default(config);
	if (check_names(options, error) || configure_log(options, log, error) ||
	    configure_sbi(session, config, error) || configure_clock(options, config, error))
		return -1;
	if (session_choose_arch(options, config, error) || configure_cpu(options, config, error) ||
	    (options->machine && board_config_parse(config, options->machine, error)))
		return -1;
	if (options->cpus < 1 || options->cpus > MACHINE_MAX_CPUS)
		return error_set(error, EXIT_CODE_USAGE, "--cpus %llu: expected 1 to %d",
				 (unsigned long long)options->cpus, MACHINE_MAX_CPUS);
	config->engine = find_engine("engine", options->engine, error);
	if (!config->engine)
		return -1;
	config->memory_size = options->memory;
	config->cpu_count = (unsigned)options->cpus;
	config->kernel = options->kernel;
	config->without_image = session->tree_only;
	config->append = kernel_command_line(session, config->arch);
	config->devices = options->devices.items;
	config->device_count = options->devices.count;
	config->seed = options->seed;
	config->semihosting = options->semihosting;
	config->log = log;
	config->restored_from = options->restore;
	if (snapshot_configure(session, config, error))
		return -1;
	if (config->without_image)
		return 0;
	if (!session->initrd.size && initramfs_build(session, &session->initrd, log, error))
		return -1;
	if (session->initrd.size)
		config->initrd = &session->initrd;
	config->initrd_name = options->initrd;
	return 0;
}

static void configure_machine(const struct session *session, struct machine *machine)
{
	const struct machine_options *options = session->options;
	machine->trap_loop = (unsigned)options->trap_loop;
	if (options->quantum)
		machine->quantum = options->quantum;
	else if (options->cpus == 1)
		machine->quantum = 100000; /* nobody waits for the turn to end */
	if (options->icount_limit)
		machine->icount_limit = options->icount_limit;
}

static int open_serial(struct session *session, struct error *error)
{
	if (!session->serial)
		session->serial = chardev_open(session->options->serial, error);
	if (!session->serial)
		return -1;
	console_watch_init(&session->watch, session->serial);
	session->watch.mute_after = !session->options->verbose;
	session->watch.request = guest_request;
	session->watch.request_opaque = session;
	chardev_on_key(session->serial, quit_key, session);
	chardev_on_stall(session->serial, wait_for_reader, session);
	return 0;
}

static int check_replay(const struct machine_options *options, struct error *error)
{
	if (options->record && options->replay)
		return error_set(error, EXIT_CODE_USAGE,
				 "--record %s: expected no --replay beside it", options->record);
	if ((options->record || options->replay) && options->lockstep)
		return error_set(error, EXIT_CODE_USAGE,
				 "--lockstep: expected no --record and no --replay beside it");
	return 0;
}

/* A replayed machine's clock starts where the recorded one's did, unless the user says when. */
static int open_replay(struct session *session, struct board_config *config, struct error *error)
{
	const struct machine_options *options = session->options;
	if (!options->replay)
		return 0;
	if (player_open(options->replay, &session->player, error))
		return -1;
	if (!options->rtc || !strcmp(options->rtc, "host"))
		player_configure(session->player, config);
	return 0;
}

static int start_replay(struct session *session, const struct board_config *config,
			struct error *error)
{
	if (session->player)
		return player_start(session->player, session->machine, config, error);
	if (session->options->record)
		return recorder_new(session->machine, config, session->options->record,
				    &session->recorder, error);
	return 0;
}

int session_open(struct session *session, struct error *error)
{
	struct board_config *config = &session->config;
	struct log log;
	session->start_ns = host_ns();
	if (check_replay(session->options, error) || configure(session, config, &log, error) ||
	    open_replay(session, config, error) || report_open(session, error) ||
	    observe_open(session, error) || open_serial(session, error))
		return -1;
	config->serial = session->serial;
	if (board_new(config, &session->machine, error))
		return -1;
	session->watch.machine = session->machine;
	configure_machine(session, session->machine);
	session->machine->poll = poll_host;
	session->machine->look = look_now_and_then;
	session->machine->poll_opaque = session;
	if (observe_attach(session, error) || snapshot_attach(session, error) ||
	    start_replay(session, config, error))
		return -1;
	if (session->options->jit_dump &&
	    jit_dump_start(session->machine, session->options->jit_dump, &session->jit_dump, error))
		return -1;
	if (session->options->state_hash_every)
		state_hash_start(&session->hashes, session->machine,
				 session->options->state_hash_every);
	const char *lockstep = session->options->lockstep;
	if (lockstep) {
		session->shadow_serial = chardev_null_new(error);
		config->serial = session->shadow_serial;
		config->engine = find_engine("lockstep", *lockstep ? lockstep : "step", error);
		if (!config->serial || !config->engine ||
		    board_new(config, &session->shadow, error))
			return -1;
		configure_machine(session, session->shadow);
		session->shadow->poll = NULL;
	}
	return 0;
}

static enum stop_kind run_machine(struct session *session)
{
	if (session->shadow)
		return lockstep_run(session);
	return session->player ? player_run(session->player) : snapshot_run(session);
}

static bool is_over(const struct session *session)
{
	/* A restored machine has no image to start again with, unless the user names one. */
	return session->options->no_reboot || session->config.without_image ||
	       (session->player && player_at_end(session->player));
}

/* Console output that the host did not take; a stall was ended by the user, who knows. */
static int console_lost(const struct session *session, struct error *error)
{
	int failed = chardev_failed(session->serial);
	if (!failed || failed == ECANCELED || session->machine->stop.kind == STOP_SIGNAL)
		return 0;
	return error_set(error, EXIT_CODE_USAGE, "--serial %s: cannot write the console: %s",
			 session->options->serial, strerror(failed));
}

int session_run(struct session *session)
{
	struct machine *machine = session->machine;
	catch_signals(session);
	if (session->options->timeout)
		session->deadline_ns = host_ns() + session->options->timeout * 1000000ull;
	while (run_machine(session) == STOP_RESET && !is_over(session)) {
		session->resets++;
		if (board_reset(machine, &session->error) ||
		    (session->shadow && board_reset(session->shadow, &session->error)))
			return cli_fail(&session->error);
	}
	chardev_flush(session->serial);
	if (session->error.exit_code)
		return cli_fail(&session->error);
	struct error error = {0};
	if (session->recorder)
		recorder_end(session->recorder);
	int lost = console_lost(session, &error) | observe_close(session, &error) |
		   recorder_free(session->recorder, &error) | snapshot_missed(session, &error);
	session->recorder = NULL;
	int status = report_end(session, host_ns() - session->start_ns);
	return lost ? cli_fail(&error) : status;
}

void session_close(struct session *session)
{
	report_close(session);
	observe_close(session, NULL);
	snapshot_detach(session);
	trap_ring_free(session->ring);
	if (session->serial && session->watch.filter.chardev)
		console_watch_fini(&session->watch);
	if (session->serial)
		chardev_flush(session->serial); /* while there is a machine to ask about stalls */
	state_hash_stop(&session->hashes);
	recorder_free(session->recorder, NULL);
	player_free(session->player);
	jit_dump_free(session->jit_dump);
	board_free(session->shadow);
	board_free(session->machine);
	chardev_free(session->serial);
	chardev_free(session->shadow_serial);
	blob_free(&session->initrd);
	if (session->signal_fd >= 0)
		close(session->signal_fd);
}

# shellcheck shell=bash
# Shared by the scripts of tools/: messages, progress, the cache folder, root.

say() {
	printf '%s\n' "$*"
}

warn() {
	printf '%s\n' "$*" >&2
}

die() {
	warn "$*"
	exit 1
}

cache_dir() {
	printf '%s\n' "${TRAPLINE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/trapline}"
}

# as_root COMMAND...: runs the command as root, through sudo where we are not.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif [ -t 0 ]; then
		sudo "$@"
	else
		sudo -n "$@"
	fi
}

can_be_root() {
	[ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }
}

# run_step LABEL COMMAND...: runs one long command with its output in a log. A
# terminal shows a clock; anything else gets one line at the start. A failure
# shows the end of the log.
run_step() {
	local label=$1 log status=0 start=$SECONDS
	shift
	mkdir -p "$(cache_dir)/log"
	log=$(mktemp "$(cache_dir)/log/XXXXXX")
	if [ -t 1 ]; then
		run_with_clock "$label" "$log" "$@" || status=$?
	else
		say "$label"
		"$@" >"$log" 2>&1 </dev/null || status=$?
	fi
	if [ "$status" != 0 ]; then
		warn "$label: failed with status $status after $((SECONDS - start)) s; the end of its output:"
		tail -n "${STEP_TAIL:-15}" "$log" >&2
	fi
	rm -f "$log"
	return "$status"
}

run_with_clock() {
	local label=$1 log=$2 pid start=$SECONDS status=0
	shift 2
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		printf '\r%s ... %d s' "$label" $((SECONDS - start))
		sleep 0.2
	done
	wait "$pid" || status=$?
	printf '\r%s ... %d s\n' "$label" $((SECONDS - start))
	return "$status"
}

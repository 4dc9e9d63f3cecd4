# shellcheck shell=bash
# Counting for ./check: each phase adds to the sums that its last line shows.

PASSED=0
FAILED=0
SKIPPED=0
FAILED_PHASES=()

# report_add LABEL PASSED FAILED SKIPPED
report_add() {
	PASSED=$((PASSED + $2))
	FAILED=$((FAILED + $3))
	SKIPPED=$((SKIPPED + $4))
	[ "$3" = 0 ] || FAILED_PHASES+=("$1")
	say "$1: $2 passed, $3 failed, $4 skipped"
}

# phase LABEL COMMAND...: one command that passes or fails as a whole.
phase() {
	local label=$1 start=$SECONDS
	shift
	if STEP_TAIL=60 run_step "$label" "$@"; then
		PASSED=$((PASSED + 1))
		[ -t 1 ] || say "$label: ok, $((SECONDS - start)) s"
	else
		FAILED=$((FAILED + 1))
		FAILED_PHASES+=("$label")
		return 1
	fi
}

phase_skip() {
	SKIPPED=$((SKIPPED + 1))
	say "$1: skipped, $2"
}

# phase_units LABEL PRESET: the unit tests of one build, case by case.
phase_units() {
	local label=$1 results=build/$2/results.xml counts
	rm -f "$results"
	run_step "$label" ctest --preset "$2" -j "$(nproc)" --timeout 600 --quiet \
		--output-junit results.xml --test-output-size-passed 4000000 \
		--test-output-size-failed 4000000 >/dev/null 2>&1
	counts=$(tools/check/results.py junit "$results") || counts="0 1 0"
	# shellcheck disable=SC2086 # three numbers
	report_add "$label" $counts
}

# phase_script FILE: an end-to-end script that prints TAP lines.
phase_script() {
	local file=$1 log status=0 counts
	log=$(mktemp)
	STEP_TAIL=40 run_step "$file" tap_to "$log" timeout 3600 "$file" || status=$?
	counts=$(tools/check/results.py tap "$log" "$status")
	rm -f "$log"
	# shellcheck disable=SC2086 # three numbers
	report_add "$file" $counts
}

# tap_to LOG COMMAND...: keeps a copy of the output for counting.
tap_to() {
	local log=$1
	shift
	"$@" 2>&1 | tee "$log"
	return "${PIPESTATUS[0]}"
}

# report_close: the sums; fails if anything failed or if nothing ran.
report_close() {
	[ "${#FAILED_PHASES[@]}" = 0 ] || say "failed: ${FAILED_PHASES[*]}"
	say "$PASSED passed, $FAILED failed, $SKIPPED skipped"
	[ "$FAILED" = 0 ] && [ "$PASSED" -gt 0 ]
}

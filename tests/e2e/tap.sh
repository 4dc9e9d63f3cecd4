# shellcheck shell=bash
# For the scripts beside it: cases that run trapline, several at a time, and report
# in the order in which they were written.

: "${TRAPLINE:?names the program to test}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
case_count=0

# image NAME [ARCH]: the path of a guest image, riscv64 unless said, empty if it cannot be had.
image() {
	tools/guest-image "${2:-riscv64}" "$1" 2>/dev/null
}

# has_engine ENGINE: whether this build and host have it.
has_engine() {
	! "$TRAPLINE" run --engine "$1" /dev/null 2>&1 | grep -q 'not available'
}

# next_case: counts a case that goes to the background, and waits for a free processor.
next_case() {
	case_count=$((case_count + 1))
	while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
		wait -n
	done
}

# not_ok FILE NAME [LINE]: a failure, with the end of FILE.out.
not_ok() {
	echo "not ok ${1##*/} - $2"
	[ -z "${3:-}" ] || echo "#   $3"
	tail -n 20 "$1.out" | tr -d '\r' | sed 's/^/#   | /'
}

# expect NAME STATUS PATTERN ARGUMENT...: one case. trapline with these arguments must
# exit with STATUS, and its output must match the extended regular expression.
expect() {
	next_case
	run_case "$scratch/$case_count" "$@" &
}

run_case() {
	local file=$1 name=$2 status=$3 pattern=$4 got=0
	shift 4
	timeout 1800 "$TRAPLINE" "$@" >"$file.out" 2>&1 </dev/null || got=$?
	if [ "$got" = "$status" ] && grep -Eq "$pattern" "$file.out"; then
		echo "ok ${file##*/} - $name" >"$file"
		return
	fi
	not_ok "$file" "$name" \
		"status $got, expected $status; output expected to match: $pattern; its end:" >"$file"
}

# is NAME EXPECTED ACTUAL: one case that has been run already.
is() {
	case_count=$((case_count + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $case_count - $1"
	else
		echo "not ok $case_count - $1"
		printf '#   expected: %s\n#   got:      %s\n' "$2" "${3//$'\n'/$'\n#   '}"
	fi >"$scratch/$case_count"
}

# skip NAME WHY
skip() {
	case_count=$((case_count + 1))
	echo "ok $case_count - $1 # SKIP $2" >"$scratch/$case_count"
}

# report: waits for the cases and prints them; fails if one did.
report() {
	local i failed=0
	wait
	for ((i = 1; i <= case_count; i++)); do
		cat "$scratch/$i" 2>/dev/null || echo "not ok $i - no result"
		grep -q '^ok' "$scratch/$i" || failed=1
	done
	echo "1..$case_count"
	return "$failed"
}

# shellcheck shell=bash
# The kernel's own selftests for AArch64, built from Debian's source package of the
# guest's kernel: <cache>/guest/aarch64/selftests/<collection>/<program>, and in `tests`
# a line COLLECTION PROGRAM for each that is a test (others are helpers of those). All
# programs are static.

SELFTESTS_COLLECTIONS=(arm64/abi arm64/bti arm64/fp arm64/mte arm64/pauth arm64/signal arm64/tags kvm)

guest_fetch_selftests() {
	local root package
	[ "$1" = aarch64 ] || { warn "guest-image: selftests: expected aarch64"; return 1; }
	command -v aarch64-linux-gnu-gcc >/dev/null || { warn "selftests: no aarch64-linux-gnu-gcc"; return 1; }
	root=$(guest_root_stable "$1") || return 1
	# linux-source leads to the package of the kernel's version.
	package=$(aptroot_depends "$root" linux-source | grep -E -m1 '^linux-source-[0-9]') &&
		guest_unpack "$root" "$package" "$2" && selftests_unpack "$2" && selftests_build "$2/source" &&
		selftests_collect "$2" && rm -rf "$2/deb" "$2/tree" "$2/source"
}

# What the selftests and the kernel's exported headers need of the source: not drivers.
selftests_unpack() {
	mkdir "$1/source"
	tar -C "$1/source" --strip-components=1 --wildcards -xf "$1"/tree/usr/src/linux-source-*.tar.xz \
		'*/Makefile' '*/tools/*' '*/include/*' '*/scripts/*' '*/arch/arm64/*' '*/lib/*'
}

selftests_make() {
	make -k -j"$(nproc)" ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- CC='aarch64-linux-gnu-gcc -static' "$@"
}

# Programs that do not build with this compiler are missing from the table, no more.
selftests_build() {
	local tests=$1/tools/testing/selftests
	selftests_make -C "$1" headers || return 1
	selftests_make -C "$tests" TARGETS=arm64
	selftests_make -C "$tests/kvm"
	return 0
}

# selftests_names FOLDER: the tests of a collection, as its makefile lists them.
selftests_names() {
	OUTPUT=$1 selftests_make -s --no-print-directory -C "$1" emit_tests | sed -n 's/.*://p'
}

selftests_collect() {
	local tests=$1/source/tools/testing/selftests collection name file
	for collection in "${SELFTESTS_COLLECTIONS[@]}"; do
		mkdir -p "$1/$collection"
		while IFS= read -r file; do
			aarch64-linux-gnu-strip -o "$1/$collection/${file##*/}" "$file" 2>/dev/null ||
				cp "$file" "$1/$collection" # a script
		done < <(find "$tests/$collection" -maxdepth 2 -type f -perm -u+x)
		for name in $(selftests_names "$tests/$collection"); do
			[ ! -x "$1/$collection/$name" ] || printf '%s %s\n' "$collection" "$name"
		done
	done >"$1/tests"
	[ -s "$1/tests" ]
}

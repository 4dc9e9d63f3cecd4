# shellcheck shell=bash
# Debian packages: which are missing, and installing only those.

# What a build, the tests and the checks need beyond a minimal system.
PACKAGES_BUILD=(gcc libc6-dev cmake ninja-build pkg-config zlib1g-dev libzstd-dev libelf-dev libfdt-dev
	libcapstone-dev gcc-riscv64-linux-gnu libc6-dev-riscv64-cross gcc-aarch64-linux-gnu)
PACKAGES_GUEST=(xz-utils)
PACKAGES_CHECK=(libcriterion-dev clang lld clang-tidy clang-format python3 valgrind)

package_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# packages_missing PACKAGE...: prints those that are not installed.
packages_missing() {
	local package
	for package; do
		package_installed "$package" || printf '%s\n' "$package"
	done
}

# packages_install PACKAGE...: installs what is missing; silent when nothing is.
packages_install() {
	local missing
	mapfile -t missing < <(packages_missing "$@")
	[ "${#missing[@]}" -gt 0 ] || return 0
	can_be_root || die "set-up: as root, run: apt-get install ${missing[*]}"
	run_step "set-up: reading the package lists" as_root apt-get -q update ||
		warn "set-up: apt-get update failed; going on with the lists that are there"
	run_step "set-up: installing ${missing[*]}" \
		as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y --no-install-recommends install "${missing[@]}"
}

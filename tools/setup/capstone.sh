# shellcheck shell=bash
# Capstone with RISC-V begins at version 5. Where the distribution's is older it
# is taken from Debian's next suite, whose library needs only an old libc.

CAPSTONE_SUITE=(trixie stable)
CAPSTONE_PACKAGES=(libcapstone5 libcapstone-dev)

capstone_is_new() {
	local version
	version=$(dpkg-query -W -f '${Version}' libcapstone-dev 2>/dev/null) &&
		dpkg --compare-versions "$version" ge 5
}

# capstone_upgrade: called with the distribution's libcapstone-dev installed.
# Failing is not fatal: the build goes on without RISC-V disassembly.
capstone_upgrade() {
	! capstone_is_new || return 0
	. /etc/os-release
	if [ "${ID:-}" != debian ]; then
		say "set-up: this Capstone is older than 5: trapline is built without RISC-V disassembly"
		return 0
	fi
	can_be_root || die "set-up: Capstone 5 is missing and installing it needs root"
	run_step "set-up: installing Capstone 5 from Debian ${CAPSTONE_SUITE[0]}" capstone_fetch ||
		warn "set-up: no Capstone 5: trapline is built without RISC-V disassembly"
}

capstone_fetch() {
	local root folder package
	root=$(aptroot_path "host-${CAPSTONE_SUITE[0]}")
	aptroot_open "$root" "$(dpkg --print-architecture)"
	aptroot_add "$root" "${CAPSTONE_SUITE[@]}" || return 1
	folder=$root/archives/capstone
	rm -rf "$folder"
	mkdir -p "$folder"
	for package in "${CAPSTONE_PACKAGES[@]}"; do
		aptroot_download "$root" "$package" "$folder" || return 1
	done
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
		-o APT::Sandbox::User=root install "$folder"/*.deb || return 1
	rm -rf "$folder"
}

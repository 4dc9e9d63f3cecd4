# shellcheck shell=bash
# Libraries and headers of another host architecture: Debian's packages of the
# release that this machine runs, unpacked into the cache. A folder that exists is
# complete; it is filled beside its place.

SYSROOT_PACKAGES=(libc6-dev zlib1g-dev libzstd-dev libelf-dev libfdt-dev libcapstone-dev)

# sysroot_give_up WHY
sysroot_give_up() {
	say "$1"
	exit 77
}

# sysroot_ensure DEBARCH: prints the folder.
sysroot_ensure() {
	local folder codename
	codename=$(. /etc/os-release && [ "${ID:-}" = debian ] && printf '%s' "${VERSION_CODENAME:-}") ||
		sysroot_give_up "only Debian has the packages of other architectures beside its own"
	folder=$(cache_dir)/sysroot/$codename-$1
	sysroot_tools >&2 || sysroot_give_up "no cross compiler for $1 to be had"
	if [ ! -d "$folder" ]; then
		[ -f "$DEBIAN_KEYRING" ] || packages_install debian-archive-keyring >&2
		mkdir -p "${folder%/*}"
		run_step "set-up: fetching libraries for $1 (Debian $codename)" \
			sysroot_fill "$codename" "$1" "$folder" >&2 ||
			sysroot_give_up "the mirror has no usable $codename for $1"
	fi
	printf '%s\n' "$folder"
}

# The compiler, and the emulator for tests if it can be had.
sysroot_tools() {
	command -v aarch64-linux-gnu-gcc >/dev/null ||
		(packages_install gcc-aarch64-linux-gnu) || return 1
	command -v qemu-aarch64 >/dev/null || command -v qemu-aarch64-static >/dev/null ||
		(packages_install qemu-user) ||
		warn "set-up: no qemu-aarch64: its tests are skipped"
}

sysroot_fill() {
	local codename=$1 arch=$2 folder=$3 root new package
	root=$(aptroot_path "host-$codename-$arch")
	rm -rf "$folder".new.* "$root/archives"
	aptroot_open "$root" "$arch"
	# shellcheck disable=SC2046 # none or one word
	aptroot_add "$root" "$codename" $(sysroot_alias "$codename") || return 1
	aptroot_run "$root" apt-get -q -y --no-install-recommends --download-only install \
		"${SYSROOT_PACKAGES[@]}" || return 1
	new=$(mktemp -d "$folder.new.XXXXXX")
	mkdir -p "$new/usr/lib"
	ln -s usr/lib "$new/lib" # as on a machine; packages use either name
	for package in "$root"/archives/*.deb; do
		dpkg-deb --fsys-tarfile "$package" |
			tar -x --keep-directory-symlink --no-same-owner -C "$new" || return 1
	done
	rm -rf "$root/archives"
	chmod go+rx "$new"
	mv "$new" "$folder"
}

# The name under which a mirror may hold a fresher index of a release.
sysroot_alias() {
	case $1 in
	bookworm) echo oldstable ;;
	trixie) echo stable ;;
	esac
}

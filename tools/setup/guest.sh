# shellcheck shell=bash
# Guest images: unmodified kernels and programs from Debian's packages of the
# guest's architecture, unpacked into the cache.
#
# An image is a folder guest/<arch>/<name>/ with its files, `package` (name and
# version) and SHA256SUMS. It is filled beside its place and renamed into it, so
# that a folder which exists is complete; one whose sums fail is fetched again,
# and so is one older than GUEST_MAX_DAYS if the mirror answers.

GUEST_IMAGES=(kernel kernel-new busybox opensbi)
GUEST_MAX_DAYS=${TRAPLINE_CACHE_DAYS:-30}
GUEST_MODULES='*/virtio_mmio.ko* */virtio_blk.ko* */virtio-rng.ko* */rng-core.ko*'

guest_debian_arch() {
	case $1 in
	riscv64) echo riscv64 ;;
	aarch64) echo arm64 ;;
	x86_64) echo amd64 ;;
	*) die "guest-image: $1: expected riscv64, aarch64 or x86_64" ;;
	esac
}

guest_folder() {
	printf '%s/guest/%s/%s\n' "$(cache_dir)" "$1" "$2"
}

guest_is_whole() {
	[ -f "$1/SHA256SUMS" ] && (cd "$1" && sha256sum --quiet -c SHA256SUMS) >/dev/null 2>&1
}

guest_is_fresh() {
	[ -z "$(find "$1/SHA256SUMS" -mtime "+$GUEST_MAX_DAYS" 2>/dev/null)" ]
}

# guest_path ARCH IMAGE: prints the file to run, whether or not it is there.
guest_path() {
	local folder
	folder=$(guest_folder "$1" "$2")
	case $2 in
	kernel | kernel-new) printf '%s\n' "$folder"/vmlinu[xz]-* ;;
	busybox) printf '%s\n' "$folder/busybox" ;;
	opensbi) printf '%s\n' "$folder/fw_dynamic.bin" ;;
	modules) printf '%s\n' "$(guest_folder "$1" kernel)/modules" ;;
	selftests) printf '%s\n' "$folder" ;;
	*) die "guest-image: $2: expected ${GUEST_IMAGES[*]}, modules or selftests" ;;
	esac
}

# guest_ensure ARCH IMAGE: fetches the image unless a whole and fresh one is there.
guest_ensure() {
	local folder
	folder=$(guest_folder "$1" "$2")
	if guest_is_whole "$folder" && guest_is_fresh "$folder"; then
		return 0
	fi
	[ -f "$DEBIAN_KEYRING" ] || packages_install debian-archive-keyring
	if [ -z "$(mirror_sites trixie)" ]; then
		warn "set-up: this machine's apt names no Debian mirror: no $1 $2; TRAPLINE_DEBIAN_MIRROR=URL names one"
		return 1
	fi
	mkdir -p "${folder%/*}"
	STEP_TAIL=4 run_step "set-up: fetching the guest's $2 ($1, Debian)" \
		flock "${folder%/*}/lock" "$GUEST_SELF" --fetch "$1" "$2" && return 0
	# A stale image is better than none.
	if guest_is_whole "$folder"; then
		touch "$folder/SHA256SUMS"
		return 0
	fi
	return 1
}

# guest_fetch ARCH IMAGE: the work behind guest_ensure, under its lock.
guest_fetch() {
	local folder new
	folder=$(guest_folder "$1" "$2")
	rm -rf "$folder".new.*
	new=$(mktemp -d "$folder.new.XXXXXX")
	if "guest_fetch_${2//-/_}" "$1" "$new" && guest_seal "$new"; then
		rm -rf "$folder"
		mv "$new" "$folder"
	else
		rm -rf "$new"
		return 1
	fi
}

guest_seal() {
	chmod -R go+rX "$1"
	(cd "$1" && find . -type f ! -name SHA256SUMS -print0 | sort -z | xargs -0 sha256sum >SHA256SUMS)
}

guest_root_stable() {
	local root
	root=$(aptroot_path "$1-stable")
	if ! aptroot_is_recent "$root"; then
		aptroot_open "$root" "$(guest_debian_arch "$1")"
		guest_add_stable "$root" "$1" || return 1
	fi
	printf '%s\n' "$root"
}

guest_add_stable() {
	local root=$1 arch=$2
	aptroot_add "$root" trixie stable ||
		{ warn "the mirror serves no usable trixie for $arch"; return 1; }
	aptroot_add "$root" trixie-security stable-security ||
		warn "the mirror serves no trixie-security for $arch; going on with trixie"
}

# The newest kernel: stable's backports, else what the coming release has.
guest_root_new() {
	local root
	root=$(aptroot_path "$1-new")
	aptroot_open "$root" "$(guest_debian_arch "$1")"
	aptroot_add "$root" trixie-backports stable-backports || aptroot_add "$root" sid unstable ||
		aptroot_add "$root" forky testing || { warn "the mirror serves no newer kernel for $1"; return 1; }
	printf '%s\n' "$root"
}

# guest_unpack ROOT PACKAGE FOLDER: downloads one package and unpacks it in FOLDER.
guest_unpack() {
	local root=$1 package=$2 folder=$3
	mkdir -p "$folder/deb"
	aptroot_download "$root" "$package" "$folder/deb" &&
		dpkg-deb -x "$folder"/deb/*.deb "$folder/tree" || return 1
	printf '%s %s\n' "$package" "$(aptroot_version "$root" "$package")" >>"$folder/package"
}

# guest_fetch_image ROOT DEBARCH FOLDER: the kernel image that linux-image-<arch>
# leads to. From 7.x on that is a package of its own, one step further.
guest_fetch_image() {
	local root=$1 debarch=$2 folder=$3 package next file
	package=linux-image-$debarch
	while next=$(aptroot_depends "$root" "$package" | grep -E -m1 '^linux-(image|binary)-[0-9]'); do
		package=$next
	done
	guest_unpack "$root" "$package" "$folder" || return 1
	for file in "$folder"/tree/boot/vmlinu[xz]-*; do
		[ ! -f "$file" ] || { mv "$file" "$folder"; return 0; }
	done
	for file in "$folder"/tree/usr/lib/modules/*/vmlinuz; do
		[ ! -f "$file" ] || { mv "$file" "$folder/vmlinuz-$(basename "${file%/vmlinuz}")"; return 0; }
	done
	warn "$package holds no kernel image"
	return 1
}

# guest_pick_modules FOLDER: keeps the few modules that our devices need, uncompressed.
guest_pick_modules() {
	local folder=$1 pattern file
	mkdir "$folder/modules"
	for pattern in $GUEST_MODULES; do
		while IFS= read -r file; do
			mv "$file" "$folder/modules"
		done < <(find "$folder/tree" -path "$pattern")
	done
	find "$folder/modules" -name '*.xz' -exec unxz {} +
}

guest_fetch_kernel() {
	local root
	root=$(guest_root_stable "$1") &&
		guest_fetch_image "$root" "$(guest_debian_arch "$1")" "$2" &&
		guest_pick_modules "$2" && rm -rf "$2/deb" "$2/tree"
}

guest_fetch_kernel_new() {
	local root
	root=$(guest_root_new "$1") &&
		guest_fetch_image "$root" "$(guest_debian_arch "$1")" "$2" && rm -rf "$2/deb" "$2/tree"
}

guest_fetch_busybox() {
	local root
	root=$(guest_root_stable "$1") && guest_unpack "$root" busybox-static "$2" || return 1
	mv "$2/tree/usr/bin/busybox" "$2" && rm -rf "$2/deb" "$2/tree"
}

guest_fetch_opensbi() {
	local root
	root=$(guest_root_stable "$1") && guest_unpack "$root" opensbi "$2" || return 1
	mv "$2/tree/usr/lib/$1-linux-gnu/opensbi/generic/"fw_* "$2" && rm -rf "$2/deb" "$2/tree"
}

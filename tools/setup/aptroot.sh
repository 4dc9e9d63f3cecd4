# shellcheck shell=bash
# Private apt roots: apt with its own sources, lists and status, so that packages
# of another suite or architecture can be looked up and downloaded, verified by
# Debian's keyring, with no change to the machine's apt.

DEBIAN_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# aptroot_path NAME: prints the folder of the root of that name.
aptroot_path() {
	printf '%s/apt/%s\n' "$(cache_dir)" "$1"
}

# aptroot_is_recent ROOT: whether its lists were read within the hour.
aptroot_is_recent() {
	[ -n "$(find "$1/sources.list" -size +0 -mmin -60 2>/dev/null)" ]
}

# aptroot_open ROOT ARCHITECTURE: prepares the root, without sources.
aptroot_open() {
	local root=$1 arch=$2
	mkdir -p "$root/lists/partial" "$root/archives/partial" "$root/empty"
	: >"$root/status"
	: >"$root/sources.list"
	cat >"$root/apt.conf" <<EOF
#clear APT::Architectures;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
APT::Sandbox::User "root";
APT::Get::List-Cleanup "false";
Acquire::Languages "none";
Acquire::Retries "3";
Dir::State "$root";
Dir::State::status "$root/status";
Dir::Cache "$root";
Dir::Etc::sourcelist "$root/sources.list";
Dir::Etc::sourceparts "$root/empty";
Dir::Etc::preferences "$root/preferences";
Dir::Etc::preferencesparts "$root/empty";
EOF
}

# aptroot_run ROOT PROGRAM ARGUMENT...
aptroot_run() {
	local root=$1 program=$2
	shift 2
	"$program" -c "$root/apt.conf" "$@"
}

# aptroot_add ROOT SUITE [ALIAS]: adds the first site that serves the suite whole.
# A caching mirror can hold an index older than the signed list that names it;
# the suite's alias has paths of its own and is tried next, provided that it
# still means the same suite.
aptroot_add() {
	local root=$1 suite=$2 spelling site
	shift
	for spelling; do
		for site in $(mirror_sites "$suite"); do
			aptroot_try "$root" "$suite" "$spelling" "$site" && return 0
		done
	done
	return 1
}

aptroot_try() {
	local root=$1 suite=$2 spelling=$3 site=$4 codename
	printf 'deb [target=Packages signed-by=%s] %s %s main\n' \
		"$DEBIAN_KEYRING" "$site" "$spelling" >"$root/try.list"
	aptroot_run "$root" apt-get -q -o Dir::Etc::sourcelist="$root/try.list" \
		-o APT::Update::Error-Mode=any update >>"$root/log" 2>&1 || return 1
	# shellcheck disable=SC2016 # $(CODENAME) is apt's own placeholder
	codename=$(aptroot_run "$root" apt-get -o Dir::Etc::sourcelist="$root/try.list" \
		indextargets --format '$(CODENAME)' 'Created-By: Packages' | head -n 1)
	[ "$codename" = "$suite" ] || return 1
	cat "$root/try.list" >>"$root/sources.list"
}

# aptroot_version ROOT PACKAGE: prints the newest version on offer, nothing if none.
aptroot_version() {
	aptroot_run "$1" apt-cache policy "$2" | awk '/Candidate:/ && $2 != "(none)" { print $2 }'
}

# aptroot_depends ROOT PACKAGE: prints the names that the newest version depends on.
aptroot_depends() {
	aptroot_run "$1" apt-cache show --no-all-versions "$2" |
		sed -n 's/^Depends: //p' | tr ',' '\n' | awk '{ print $1 }'
}

# aptroot_download ROOT PACKAGE FOLDER
aptroot_download() {
	local root=$1 package=$2
	(cd "$3" && aptroot_run "$root" apt-get -q download "$package")
}

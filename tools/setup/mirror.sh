# shellcheck shell=bash
# Where Debian's packages come from: the sites that the machine's own apt
# configuration names, and no other. TRAPLINE_DEBIAN_MIRROR names one for a
# machine whose apt has none (Ubuntu, for instance).

# mirror_entries: prints "SITE SUITE" for each source of the machine's apt.
# Asking apt keeps us clear of its two source formats; no lists need be there.
mirror_entries() {
	apt-get --print-uris -o Debug::NoLocking=1 update 2>/dev/null |
		sed -n "s#^'\(.*\)/dists/\([^']*\)/\(In\)\{0,1\}Release'.*#\1 \2#p" | sort -u
}

is_debian_suite() {
	case ${1%%-*} in
	stable | oldstable | oldoldstable | testing | unstable) return 0 ;;
	bullseye | bookworm | trixie | forky | duke | sid) return 0 ;;
	esac
	return 1
}

# mirror_sites SUITE: prints the sites to try for a suite, the likeliest first:
# security suites usually have a site of their own.
mirror_sites() {
	local site suite main=() security=()
	while read -r site suite; do
		is_debian_suite "$suite" || continue
		case $suite in
		*-security) security+=("$site") ;;
		*) main+=("$site") ;;
		esac
	done < <(mirror_entries)
	[ -z "${TRAPLINE_DEBIAN_MIRROR:-}" ] || main=("$TRAPLINE_DEBIAN_MIRROR" "${main[@]}")
	case $1 in
	*-security) printf '%s\n' "${security[@]}" "${main[@]}" ;;
	*) printf '%s\n' "${main[@]}" ;;
	esac | awk 'NF && !seen[$0]++'
}

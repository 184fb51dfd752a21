# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# try.bash LINE …: what bash offers behind each line, sorted.

directorctl() {
	case "$*" in
	'-s /x backend list') echo 'far/web9     up' ;;
	'-s /x farm list') echo 'farm far        up' ;;
	*'farm list') printf 'farm www        up\nfarm mail       down\n' ;;
	*'backend list') printf 'www/web1     up\nmail/m1      down\n' ;;
	esac
}

# shellcheck source=deploy/directorctl.bash
. deploy/directorctl.bash
for line in "$@"; do
	read -ra COMP_WORDS <<<"directorctl $line"
	[[ "directorctl $line" != *' ' ]] || COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_directorctl
	printf '%s:%s\n' "$line" "$(printf '%s\n' "${COMPREPLY[@]}" | sed '/^$/d' | LC_ALL=C sort -u | sed 's/^/ /' | tr -d '\n')"
done

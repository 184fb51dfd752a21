# SPDX-License-Identifier: GPL-2.0-or-later
# try.zsh LINE …: what zsh offers behind each line, sorted. Its completion works on a terminal alone, so an
# interactive zsh runs on one, says what is offered to it, and has its line emptied again.

zmodload zsh/zpty
TERM=dumb zpty shell zsh -f -i
inner='
PROMPT= RPROMPT=
unsetopt zle_bracketed_paste 2>/dev/null
fpath=($PWD/deploy $fpath)
autoload -Uz compinit && compinit -u -D
directorctl() {
	case "$*" in
	("-s /x backend list") echo "far/web9     up" ;;
	("-s /x farm list") echo "farm far        up" ;;
	(*"farm list") printf "farm www        up\nfarm mail       down\n" ;;
	(*"backend list") printf "www/web1     up\nmail/m1      down\n" ;;
	esac
}
compadd() {
	local -a hits
	if [[ "$*" != *-[OAD]" "* && "$*" != *-[OAD] ]]; then
		builtin compadd -O hits "$@"
		print -l -- "" "hit "${^hits}
	fi
	builtin compadd "$@"
}
look() { zle complete-word; BUFFER= ; print -l -- "" "the" "end" }
zle -N look
bindkey "^I" look
print rea""dy
'
zpty -w shell "source =(print -r -- ${(qq)inner})"
zpty -r shell seen '*ready*'
for line in "$@"; do
	zpty -n -w shell "directorctl $line"$'\t'
	zpty -r shell seen $'*the\r\nend*'
	words=(${(ou)${(M)${(f)${seen//$'\r'/}}:#hit *}#hit })
	print -r -- "$line:${words:+ }$words"
done
zpty -d shell

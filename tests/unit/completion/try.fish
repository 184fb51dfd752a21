# SPDX-License-Identifier: GPL-2.0-or-later
# try.fish LINE …: what fish offers behind each line, sorted.

function directorctl
    switch "$argv"
        case '-s /x backend list'
            echo 'far/web9     up'
        case '-s /x farm list'
            echo 'farm far        up'
        case '*farm list'
            printf 'farm www        up\nfarm mail       down\n'
        case '*backend list'
            printf 'www/web1     up\nmail/m1      down\n'
    end
end

source deploy/directorctl.fish
for line in $argv
    set -l words (complete -C "directorctl $line" | string replace -r '\t.*' '' | LC_ALL=C sort -u)
    echo (string join ' ' -- "$line:" $words)
end

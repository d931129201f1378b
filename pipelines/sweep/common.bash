# What gk-sweep, gk-predictors and run share.
# shellcheck shell=bash disable=SC2154 # bin is theirs

# The half-written files of a tool that was killed (by SIGKILL, a crash, the power). The holder of the run's
# lock knows that no tool is writing.
has_temporaries() { # RUN
    local file
    for file in "$1"/.run.{data,ckpt}.*.tmp; do
        [ ! -e "$file" ] || return 0
    done
    return 1
}
clear_temporaries() { # RUN
    remove "$1"/.run.{data,ckpt}.*.tmp
}
# Removes those FILEs that exist. A sweep of small runs would spend more time on starting rm for files that do not.
remove() { # FILE ...
    local file there=()
    for file; do
        [ ! -e "$file" ] || there+=("$file")
    done
    [ ${#there[@]} -eq 0 ] || rm -f "${there[@]}"
}

# The options of gk-phases by which the runs of a sweep in DIR have grokked or not.
phases_of() { # DIR
    [ ! -e "$1/phases" ] || printf '%s' "$(<"$1/phases")"
}

# The step at which the rule t4:A,G,B ends a run with this FRACTION of training rows.
rule_limit() { # RULE FRACTION
    local a g b
    IFS=, read -r a g b <<<"${1#t4:}"
    a=$a g=$g b=$b r=$2 awk 'BEGIN {
        printf "%.6f", ENVIRON["a"] * (100 * ENVIRON["r"]) ^ -ENVIRON["g"] + ENVIRON["b"] + 1000 }'
}

# The first step at or after X at which validation is due every K steps.
evaluation_after() { # X K
    x=$1 k=$2 awk 'BEGIN {
        x = ENVIRON["x"]; k = ENVIRON["k"]; n = int(x / k) * k; if (n < x) n += k; printf "%.0f", n }'
}

# The fraction of the rows of a dataset that train.
fraction_of() { # DATASET
    "$bin/gk-ckpt-dump" --meta "$1" | awk -F'\t' '$1 == "frac" { print $2 }'
}

# The folder of the tools that belong to a script in DIR: installed beside it, built in the same sources,
# or those on PATH.
tools_of() { # DIR
    local folder tool
    for folder in "$1" "$1/../../build/bin"; do
        [ ! -x "$folder/gk-train" ] || { (cd -- "$folder" && pwd) && return; }
    done
    tool=$(command -v gk-train) && dirname "$tool"
}
# The version of the tools in BIN, which is also that of the scripts.
version_of() { # BIN
    local said
    said=$("$1/gk-train" --version) && printf '%s\n' "${said##* }"
}

# The completion script for SHELL of the program NAME whose --help is USAGE. A value in capitals is free, FILE and DIR
# are paths, and words between bars are the choices.
completion() { # SHELL NAME USAGE
    case $1 in
    bash | zsh) ;;
    *) printf '%s: --completion needs a value (bash|zsh)\n' "$2" >&2 && return 2 ;;
    esac
    shell=$1 name=$2 awk '
        function plain(text) {
            gsub(/\\/, "\\\\", text); gsub(/\[/, "\\\\[", text); gsub(/\]/, "\\\\]", text);
            gsub(/:/, "\\\\:", text); gsub(/\047/, "\047\\\047\047", text)
            return text }
        /^$/ { inside = 0 }
        /^Options:/ { inside = 1; next }
        !inside { next }
        /^ +-/ { n++
            letter[n] = $1 ~ /^-[a-zA-Z],$/ ? substr($1, 2, 1) : ""
            at = letter[n] == "" ? 1 : 2
            long[n] = $at
            # two blanks end the option and its value
            value[n] = $0 ~ /^ +(-[a-zA-Z], )?--[a-z-]+ [^ ]/ ? $(at + 1) : ""
            text = $0; sub(/^ +(-[a-zA-Z], )?--[a-z-]+( [^ ]+)? */, "", text); help[n] = text; next }
        { sub(/^ +/, ""); help[n] = help[n] (help[n] == "" ? "" : " ") $0 }
        END {
            name = ENVIRON["name"]
            if (ENVIRON["shell"] == "bash") {
                id = "_" name; gsub(/-/, "_", id)
                print "# bash completion for " name "\n" id "() {"
                print "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n    case $prev in"
                for (i = 1; i <= n; i++) {
                    if (value[i] == "") continue
                    printf "    %s%s) ", long[i], (letter[i] == "" ? "" : "|-" letter[i])
                    words = value[i]
                    if (gsub(/\|/, " ", words)) printf "COMPREPLY=($(compgen -W \047%s\047 -- \"$cur\"))", words
                    else if (words ~ /^(FILE|DIR)$/) printf "COMPREPLY=($(compgen -f -- \"$cur\"))"
                    else printf "COMPREPLY=()"
                    print "; return ;;"
                }
                printf "    esac\n    case $cur in\n    -*) COMPREPLY=($(compgen -W \047"
                for (i = 1; i <= n; i++) printf "%s%s", (i > 1 ? " " : ""), long[i]
                print "\047 -- \"$cur\")) ;;\n    *) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n    esac\n}"
                print "complete -o filenames -F " id " " name
                exit
            }
            print "#compdef " name "\n# zsh completion for " name "\n_arguments -s -S \\"
            for (i = 1; i <= n; i++) {
                if (letter[i] == "") printf "  \047%s[", long[i]
                else printf "  \047(-%s %s)\047{-%s,%s}\047[", letter[i], long[i], letter[i], long[i]
                printf "%s]", plain(help[i])
                words = value[i]
                if (gsub(/\|/, " ", words)) printf ":%s:(%s)", substr(long[i], 3), words
                else if (words != "") printf ":%s:%s", plain(words), (words ~ /^(FILE|DIR)$/ ? "_files" : "")
                print "\047 \\"
            }
            print "  \047*:file:_files\047"
        }' <<<"$3"
}

#!/usr/bin/env bats
# shellcheck disable=SC2154 # run sets stderr
# Set-up, install and the Makefile's own help.
load helpers

# A machine for set-up: its own list of packages and, first on PATH, its own apt-get and id.
machine() {
    mkdir -p ci bin
    cp "$ROOT/.ci/setup" ci/
    printf '%s\n' "$@" >ci/packages
    # shellcheck disable=SC2016
    printf '#!/bin/sh\necho "$@" >>apt.log\n[ ! -f apt.broken ] || exit 1\ncase $* in *install*) touch bin/gk-nothing && chmod +x bin/gk-nothing ;; esac\n' >bin/apt-get
    printf '#!/bin/sh\necho %s\n' "${uid:-0}" >bin/id
    printf '#!/bin/sh\nexit 1\n' >bin/sudo
    chmod +x bin/*
    export PATH=$PWD/bin:$PATH
}

@test "set-up: with nothing to do it says nothing" {
    machine 'bash # build: command bash' 'libc6-dev # build: header stdio.h' \
        'bats-assert # test: bats bats-assert' 'libc6-dev # build: library m'
    run -0 ci/setup
    assert_output ''
    [ ! -e apt.log ]
}

@test "set-up: says exactly what is missing if it may not install" {
    uid=1000 machine '# a comment' 'p1 # build: command gk-nothing' 'p2 # build: header gk-no.h' \
        'libc6-dev # build: header stdio.h' 'p3 # test: bats bats-nothing' 'p4 # demo: command gk-no' \
        'p5 # build: library gk-no' 'p6 # test: file /etc/passwd' 'p7 # test: file /no/file'
    expected="setup: missing on this machine:
  the command gk-nothing (Debian package p1)
  the Bats library bats-nothing in $BATS_LIB_PATH (Debian package p3)
  the library libgk-no.so (Debian package p5)
  the file /no/file (Debian package p7)
  the header <gk-no.h> (Debian package p2)
setup: on Debian or Ubuntu: apt-get install p1 p2 p3 p5 p7
setup: libraries also without root: .ci/setup --prefix DIR, then make DEPS=DIR"
    breaks "$expected" ci/setup build test
    [ ! -e apt.log ]
    run ci/setup demo
    assert_failure 1
    assert_line '  the command gk-no (Debian package p4)'
}

@test "set-up: --prefix unpacks what apt-get fetches of libraries, without root" {
    uid=1000 machine 'p1 # build: command gk-nothing' 'p2 # build: header gk-no.h' 'p3 # build: library gk-no' \
        'p4 # test: header gk-none.h' 'p5 # build?: header gk-maybe.h' 'p6 # build?: header gk-never.h'
    cat >bin/apt-get <<'END'
#!/bin/sh
echo "$@" >>apt.log
case $* in *p6*) exit 1 ;; esac
for word; do case $word in Dir::Cache=*) cache=${word#*=} ;; install) : >"$cache/archives/a.deb" ;; esac; done
END
    printf '#!/bin/sh\nmkdir -p "$3/usr/include" "$3/usr/lib/gnu/openblas-x" &&
        touch "$3/usr/include/gk-no.h" "$3/usr/lib/libgk-no.a" "$3/usr/lib/gnu/libgfortran.so.5"\n' >bin/dpkg
    chmod +x bin/apt-get bin/dpkg
    run -0 --separate-stderr ci/setup --prefix own
    assert_equal "$output" ''
    assert_equal "$stderr" "setup: unpacking p2 p3 into own
setup: there is no p6 here; gk works without it
setup: now make DEPS=$PWD/own"
    for packages in 'p2 p3' p5 p6; do
        grep -q -- "install --download-only -y --no-install-recommends $packages\$" apt.log
    done
    # what LAPACK seeks beside itself is there
    [ own/usr/lib/gnu/openblas-x/libgfortran.so.5 -ef own/usr/lib/gnu/libgfortran.so.5 ]
    # with the flags of that folder they are there, and there is nothing to unpack
    export CPPFLAGS="-I$PWD/own/usr/include" LDFLAGS="-L$PWD/own/usr/lib"
    run -0 --separate-stderr ci/setup --prefix other
    assert_equal "$output$stderr" 'setup: no library is missing: make needs no DEPS'
    [ ! -e other ]
    sed -i 1d ci/packages
    run -0 ci/setup --check build
    assert_output ''
}

@test "build: DEPS=DIR gives headers, libraries and where to find them at run time" {
    mkdir -p d/include d/lib/x86_64-linux-gnu/openblas-pthread d/usr/include
    run -0 make -s -C "$ROOT" -n V=1 NO_SETUP=1 BUILD=build-none DEPS="$PWD/d" build-none/bin/gk-data
    assert_line --partial " -isystem$PWD/d/include -isystem$PWD/d/usr/include "
    assert_line --partial " -L$PWD/d/lib -Wl,-rpath,$PWD/d/lib "
    # what the compiler would say of a header there stays unsaid
    printf '#include_next <stdlib.h>\nint without_prototype();\n' >d/include/stdlib.h
    run -0 --separate-stderr make -s -C "$ROOT" NO_SETUP=1 BUILD="$PWD/b" DEPS="$PWD/d" CFLAGS=-Werror "$PWD/b/lib/base/list.o"
    assert_equal "$stderr" ''
    run -2 --separate-stderr make -s -C "$ROOT" -n NO_SETUP=1 DEPS=/no/such/folder
    assert_regex "$stderr" 'DEPS=/no/such/folder has no libraries.  Stop.$'
}

@test "set-up: --check installs nothing, not even for root" {
    machine 'p1 # build: command gk-nothing'
    breaks "setup: missing on this machine:
  the command gk-nothing (Debian package p1)
setup: on Debian or Ubuntu: apt-get install p1" ci/setup --check build
    [ ! -e apt.log ]
}

@test "set-up: root installs what is missing, and only that" {
    machine 'p1 # build: command gk-nothing' 'bash # build: command bash' 'p4 # demo: command gk-no'
    run -0 --separate-stderr ci/setup build
    assert_equal "$stderr" 'setup: installing p1'
    run cat apt.log
    assert_output '-qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends p1'
    run -0 ci/setup build
    assert_output ''
}

@test "set-up: an install that fails, or installs nothing, is an error" {
    machine 'p2 # build: header gk-no.h'
    breaks 'setup: installing p2
setup: missing on this machine:
  the header <gk-no.h> (Debian package p2)' ci/setup
    touch apt.broken
    breaks 'setup: installing p2
setup: apt-get could not install: p2' ci/setup
    run cat apt.log
    assert_line '-qq -o DPkg::Lock::Timeout=120 update'
}

@test "set-up: an optional package is installed with the others if it exists, and never required" {
    machine 'p1 # build: command gk-nothing' 'p2 # build?: header gk-no.h'
    breaks "setup: missing on this machine:
  the command gk-nothing (Debian package p1)
setup: on Debian or Ubuntu: apt-get install p1" ci/setup --check build
    run -0 --separate-stderr ci/setup build
    assert_equal "$stderr" 'setup: installing p1'
    run tail -n 1 apt.log
    assert_output '-qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends p2'
    rm apt.log
    run -0 ci/setup build
    assert_output ''
    [ ! -e apt.log ]
    rm bin/gk-nothing
    printf '#!/bin/sh\ncase $* in *p2*) exit 1 ;; *install*) touch bin/gk-nothing && chmod +x bin/gk-nothing ;; esac\n' >bin/apt-get
    run -0 --separate-stderr ci/setup build
    assert_equal "$stderr" "setup: installing p1
setup: there is no p2 here; gk works without it"
}

@test "set-up: NO_SETUP=1 turns it off" {
    machine 'p1 # build: command gk-nothing'
    run -0 env NO_SETUP=1 ci/setup
    assert_output ''
}

# With the tools as they are built: nothing is made again.
make_here() {
    MAKEFLAGS='' NO_SETUP=1 make -s -C "$ROOT" -o all BUILD="$GK_BUILD" "$@"
}

@test "install: tools, pages and completions; uninstall leaves nothing" {
    make_here install DESTDIR="$PWD/root" PREFIX=/opt/gk
    for tool in "$GK_BUILD"/bin/gk-*; do
        t=$(basename "$tool")
        [ -x "root/opt/gk/bin/$t" ] || fail "bin/$t"
        cmp "$ROOT/docs/man/$t.1" "root/opt/gk/share/man/man1/$t.1"
        grep -q "complete .* $t\$" "root/opt/gk/share/bash-completion/completions/$t"
        grep -q "^#compdef $t\$" "root/opt/gk/share/zsh/site-functions/_$t"
    done
    for t in gk-sweep gk-predictors; do
        cmp "$ROOT/docs/man/$t.1" "root/opt/gk/share/man/man1/$t.1"
        assert_equal "$("root/opt/gk/bin/$t" --version)" "$t $VERSION"
        grep -q "complete .* $t\$" "root/opt/gk/share/bash-completion/completions/$t"
        grep -q "^#compdef $t\$" "root/opt/gk/share/zsh/site-functions/_$t"
    done
    run "root/opt/gk/bin/gk-data" --version
    assert_output "gk-data $VERSION"
    # the tables of names are found from there
    rm -rf moved && cp -r root/opt/gk moved
    run -0 moved/bin/gk-ckpt-dump --rename nanda "$ROOT/tests/rename/nanda.pt"
    run -0 moved/bin/gk-predict score -q <(awk 'BEGIN { OFS = "\t"
        print "step", "train_loss", "val_loss", "val_acc", "grad_norm", "param_norm", "cos_init"
        for (i = 0; i <= 800; i++) print i, 1 + i % 2, 2, 0, 1, 9, 0.5 }')
    rm moved/share/gk/rename/nanda.tsv
    wrong_usage "gk-ckpt-dump: --rename: there is no table 'nanda': gk, gpt2, lee, torch_encoder, transformer_lens, or a file's name" \
        moved/bin/gk-ckpt-dump --rename nanda "$ROOT/tests/rename/nanda.pt"
    make_here uninstall DESTDIR="$PWD/root" PREFIX=/opt/gk
    run find root ! -type d
    assert_output ''
}

@test "install: an installed sweep runs from PATH alone, with the tools beside it" {
    make_here install DESTDIR="$PWD/a root" PREFIX=/opt/gk
    printf '%s\n' '--p 5' '--dim 8' '--heads 2' '--ff 16' '--lr 1e-2 1e-3' '--steps 30' '--eval-every 10' >g.grid
    "$ROOT/pipelines/sweep/gk-sweep" --bin "$GK_BUILD/bin" --quiet g.grid want
    mkdir links
    ln -s "$PWD/a root/opt/gk/bin/gk-sweep" links/ # as in a user's ~/bin
    env -i PATH="$PWD/a root/opt/gk/bin:/usr/bin:/bin" gk-sweep --quiet g.grid got
    env -i PATH="$PWD/links:/usr/bin:/bin" gk-sweep --quiet --runner parallel --jobs 2 g.grid linked
    cmp want/table.tsv got/table.tsv
    cmp want/table.tsv linked/table.tsv
    rm got/table.tsv
    env -i PATH="$PWD/a root/opt/gk/bin:/usr/bin:/bin" gk-sweep --collect got
    cmp want/table.tsv got/table.tsv
    env -i PATH="$PWD/a root/opt/gk/bin:/usr/bin:/bin" gk-predictors got/table.tsv >said || assert_equal $? 1
    for g in "$ROOT"/pipelines/grids/*.grid; do
        cmp "$g" "a root/opt/gk/share/gk/grids/${g##*/}"
    done
}

@test "install: paths with spaces work; a relative path is refused" {
    make_here install DESTDIR="$PWD/a root" PREFIX='/opt/my gk'
    run -0 'a root/opt/my gk/bin/gk-data' --version
    [ -s 'a root/opt/my gk/share/man/man5/gk-formats.5' ]
    make_here uninstall DESTDIR="$PWD/a root" PREFIX='/opt/my gk'
    run find 'a root' ! -type d
    assert_output ''
    for target in install uninstall; do
        run -2 --separate-stderr make_here "$target" PREFIX='~/gk'
        [[ $stderr == *'PREFIX=~/gk is not an absolute path.  Stop.' ]] || fail "$stderr"
    done
}

@test "completion: bash offers options, choices and files of the installed scripts" {
    touch add.data
    for t in "$GK_BUILD"/bin/gk-* "$ROOT"/pipelines/sweep/gk-*; do
        "$t" --completion bash >>all.bash
    done
    # offers WORD...: what bash offers after these words
    # shellcheck disable=SC2016 # for the inner bash to expand
    offers() {
        bash --norc -euc '. ./all.bash; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
            spec=$(complete -p "$1"); spec=${spec#*-F }; ${spec% *}; printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
    }
    run -0 offers gk-train --weight-d
    assert_equal "$output" --weight-decay
    run -0 offers gk-train --model ''
    assert_output "transformer
mlp"
    run -0 offers gk-train -d add
    assert_output add.data
    run -0 offers gk-train --steps ''
    assert_output ''
    run -0 offers gk-fft ad
    assert_output add.data
    run -0 offers gk-sweep --sav
    assert_equal "$output" --save-every
    run -0 offers gk-sweep --runner ''
    assert_output "local
parallel
slurm"
    for word in --model --bin ''; do
        run -0 offers gk-sweep $word ad
        assert_output add.data
    done
    for word in --jobs --rule --sbatch; do
        run -0 offers gk-sweep $word ''
        assert_output ''
    done
    run -0 offers gk-sweep -
    assert_equal "$(sort <<<"$output")" "$("$ROOT/pipelines/sweep/gk-sweep" --help | sed -n 's/^ *\(-., \)*\(--[a-z-]*\).*/\2/p' | sort)"
    run -0 offers gk-predictors ad
    assert_output add.data
    run -0 offers gk-predictors --he
    assert_output --help
    for t in gk-sweep gk-predictors; do
        wrong_usage "$t: --completion needs a value (bash|zsh)" "$ROOT/pipelines/sweep/$t" --completion fish
        wrong_usage "$t: --completion needs a value (bash|zsh)" "$ROOT/pipelines/sweep/$t" --completion
    done
}

# in_zsh TOOL LINE: the words, a line each in the file words, that a zsh on a terminal of its own gives TOOL where LINE is
# typed, with tabs
in_zsh() {
    cat >drive.zsh <<'END'
zmodload zsh/zpty
until_seen() {
    local part seen
    while [[ $seen != *$1* ]] && zpty -r z part; do seen+=$part; done
}
zpty z zsh -f -i
zpty -w z 'fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D; '$1'() { print -rl -- "$@" >words; print do""ne }; print rea""dy'
until_seen ready
zpty -w -n z "$2"
until_seen done
zpty -d z
END
    timeout 60 zsh -f drive.zsh "$@"
}

@test "completion: zsh reads the installed scripts, and completes options, choices and files" {
    for t in "$GK_BUILD"/bin/gk-* "$ROOT"/pipelines/sweep/gk-*; do
        "$t" --completion zsh >"_${t##*/}"
        zsh -n "_${t##*/}"
    done
    mkdir data && touch data/add.data
    in_zsh gk-train $'gk-train --weight-d\t1 --model m\t--data data/a\t\n'
    assert_equal "$(paste -sd' ' words)" '--weight-decay 1 --model mlp --data data/add.data'
    in_zsh gk-sweep $'gk-sweep --save-e\t1 --runner par\t--model data/a\t\n'
    assert_equal "$(paste -sd' ' words)" '--save-every 1 --runner parallel --model data/add.data'
}

@test "completion: the columns of the tables among the words, and nothing of a name or a cell is run" {
    local odd='my $(touch ran) `touch ran` run.tsv' columns
    printf '# gk-x\n\nstep\ttrain_loss\ttwo words\t$(touch ran)\t`touch ran`\n0\t1\t2\t3\t4\n' >"$odd"
    printf '"Step","val loss","m0"\r\n1,2,3\r\n' >w.csv
    printf '{"step":1,"a":2}\n' >j.jsonl
    head -c 3000 /dev/urandom >noise
    mkfifo pipe
    for t in gk-hjorth gk-predict gk-times; do "$t" --completion bash >>all.bash; done
    # shellcheck disable=SC2016 # for the inner bash to expand
    offers() {
        timeout 20 bash --norc -euc '. ./all.bash; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
            spec=$(complete -p "$1"); spec=${spec#*-F }; ${spec% *}; printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
    }
    columns=$(printf '%s\n' step train_loss 'two words' '$(touch ran)' '`touch ran`')
    assert_equal "$(offers gk-hjorth "$(printf %q "$odd")" -c '')" "$columns"
    assert_equal "$(offers gk-hjorth "'$odd'" --column '')" "$columns"
    assert_equal "$(offers gk-hjorth "\"$odd\"" --step 's')" step
    assert_equal "$(offers gk-hjorth w.csv j.jsonl pipe none noise /dev/null -c 'val')" 'val loss'
    assert_equal "$(offers gk-hjorth w.csv -c '')" $'Step\nval loss\nm0'
    assert_equal "$(offers gk-predict fit w.csv --features 'm0,v')" 'm0,val loss'
    assert_equal "$(offers gk-predict fit w.csv --group m)" m0
    assert_equal "$(offers gk-times w.csv --censor m)" m0
    assert_equal "$(offers gk-hjorth '$(touch ran)' '`touch ran`' pipe -c '')" ''
    gk-hjorth --completion zsh >_gk-hjorth
    zsh -n _gk-hjorth
    in_zsh gk-hjorth $'gk-hjorth \'my $(touch ran) `touch ran` run.tsv\' --column two\t--step \'$(to\t\n'
    assert_equal "$(<words)" "$(printf '%s\n' "$odd" --column 'two words' --step '$(touch ran)')"
    [ ! -e ran ]
}

@test "make check-oracle says which Python lacks torch, before it builds anything" {
    run -2 --separate-stderr env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
        make -s -C "$ROOT" --no-print-directory NO_SETUP=1 BUILD="$PWD/b" PYTHON=false check-oracle
    assert_equal "${stderr_lines[0]}" 'check-oracle: false has no torch or no safetensors; PYTHON=... names another'
    [ ! -e b ]
}

@test "make help names the targets" {
    run -0 make_here help
    for target in all check check-arm64 check-asan check-deb check-dist-bin check-full check-reproducible check-tsan check-valgrind clean coverage \
        deb dist dist-bin help install lint uninstall; do
        assert_line --regexp "^  $target +[a-z]"
    done
}

@test "release: every place names the version of version.h" {
    local day='[0-9]{4}-[0-9]{2}-[0-9]{2}'
    assert_regex "$VERSION" '^[0-9]+\.[0-9]+\.[0-9]+(~rc[0-9]+)?$'
    assert_equal "$(sed -n 's/^version: "\(.*\)"/\1/p' "$ROOT/CITATION.cff")" "$VERSION"
    sed -n 's/^## //p' "$ROOT/CHANGELOG.md" >releases
    assert_regex "$(head -n 1 releases)" "^(Unreleased|$VERSION \\($day\\))\$"
    run grep -vE "^(Unreleased|[0-9]+(\\.[0-9]+){2}(~rc[0-9]+)? \\($day\\))\$" releases
    assert_output ''
    assert_equal "$(grep -v Unreleased releases | head -n 1 | cut -d' ' -f1)" "$VERSION"
    assert_equal "$(grep -hoE '^( {4})?# gk-[a-z-]+ [0-9][0-9.a-z~]*' "$ROOT"/README.md "$ROOT"/docs/man/*.[1-9] | sed 's/.* //' | sort -u)" "$VERSION"
    assert_equal "$(grep -oE '\bgk-[0-9][0-9.a-z~]*-x86_64' "$ROOT/README.md" | sort -u)" "gk-$VERSION-x86_64"
}

@test "dist-bin: all tools are one program, and each is a script that finds it" {
    for t in gk-a gk-b-c; do
        printf '#include <stdio.h>\nstatic int n = %d;\nint main(int c, char **v) { printf("%%s %%d %%s\\n", v[0], n, v[c - 1]); return c; }\n' \
            ${#t} | gcc -x c -c -o $t.o -
    done
    "$ROOT/packaging/one" parts gk-a.o gk-b-c.o
    mkdir -p 'a b/libexec' 'a b/bin'
    gcc -Wall -Wextra -Werror -Iparts -o 'a b/libexec/gk' "$ROOT/packaging/one.c" parts/*.o
    # script LOADER: where the machine has its C library
    script() {
        sed "s|@TOOL@|gk-b-c|g; s|@LIBC@|2.34|g; s|@LOADER@|$1|g" "$ROOT/packaging/tool.sh" >'a b/bin/gk-b-c'
        chmod +x 'a b/bin/gk-b-c'
    }
    script /bin/sh
    ln -s "$PWD/a b/bin/gk-b-c" other
    for how in 'a b/bin/gk-b-c' ./other; do
        run -2 "$how" '1  2'
        assert_output 'gk-b-c 6 1  2'
    done
    run -1 env -C 'a b/bin' PATH=:/usr/bin:/bin gk-b-c
    assert_output 'gk-b-c 6 gk-b-c'
    run -3 'a b/libexec/gk' gk-a x y
    assert_output 'gk-a 4 y'
    for name in '' gk-b gk-b-c-d; do
        wrong_usage 'usage: gk NAME [ARGUMENT]..., where NAME is one of: gk-a gk-b-c' 'a b/libexec/gk' $name
    done
    script /no/loader.so
    breaks 'gk-b-c: this machine has no GNU C library (/no/loader.so), 2.34 or newer, which the tarball of binaries needs
gk-b-c: on a system with musl, such as Alpine, build gk from its sources in a container with glibc' 'a b/bin/gk-b-c'
}

@test "release: an object says nothing of the folder that it was built in" {
    export CCACHE_DISABLE=1 # or the second object may be the first one
    mkdir -p one other/folder
    for dir in one other/folder; do
        cp -r "$ROOT"/{.ci,Makefile,include,lib,cmd,pipelines,packaging} "$dir/"
        make -s -C "$dir" NO_SETUP=1 BUILD=build CFLAGS= build/lib/base/err.o
    done
    cmp one/build/lib/base/err.o other/folder/build/lib/base/err.o
    run -1 grep -F "$PWD" one/build/lib/base/err.o
}

@test "make: a build takes all cores, unless -j says how many; other targets take one" {
    cd "$ROOT"
    jobs_of() {
        env -u MAKEFLAGS -u MAKELEVEL make -npq NO_SETUP=1 BUILD="$BATS_TEST_TMPDIR/b" "$@" 2>/dev/null |
            sed -n 's/^MAKEFLAGS = [^-]*\(-j[0-9]*\).*/\1/p'
    }
    [ "$(nproc)" -eq 1 ] || assert_equal "$(jobs_of)" "-j$(nproc)"
    [ "$(nproc)" -eq 1 ] || assert_equal "$(jobs_of check)" "-j$(nproc)"
    assert_equal "$(jobs_of -j3 all)" -j3
    assert_equal "$(jobs_of clean)" ''
}

# make gallery on a small scale, and that docs/gallery.md shows its commands.
load helpers

# Only its rules, and the tools as they are, for the target TARGET.
gallery() {
    printf '%s\n' 'SHELL := /bin/bash' '.SHELLFLAGS := -eu -o pipefail -c' '.DELETE_ON_ERROR:' '.SECONDARY:' \
        "BUILD := $GK_BUILD" "BIN := $GK_BUILD/bin" 'include pipelines/gallery/gallery.mk' |
        env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -C "$ROOT" --no-print-directory -f - GALLERY="$PWD/g" GALLERY_STEPS=20 "$@"
}

@test "make gallery draws a run of every preset, with the commands of docs/gallery.md" {
    command -v gnuplot >gnuplot || skip 'gnuplot is not installed'
    gallery gallery >log
    presets=$(gk-train --help | sed -n '/--arch/s/.*--arch //p' | tr '|' ' ')
    for p in $presets; do
        assert_equal "$(head -c 4 "g/$p.png" | tail -c 3)" PNG
        assert_equal "$(column_of step "g/$p.tsv" | tail -n 1)" 20
        grep -qF "(results/gallery-$p.png)" "$ROOT/docs/gallery.md"
    done
    # the page's commands are those of the rules, which use folders and fewer steps here
    sed -n 's/^  \$ \(gk-data\|gk-train\)/    \1/p' log | sed "s|$PWD/g/||g; s/--steps 20/--steps 4000/" | sort >want
    [ "$(wc -l <want)" -eq "$(wc -w <<<"$presets $presets")" ]
    grep -E '^    gk-(data|train) ' "$ROOT/docs/gallery.md" | sort | diff - want
}

# The tutorial's commands, as a newcomer types them, one after another in an empty folder.
load helpers

# The blocks between ```sh and ```, in order.
commands() {
    awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' "$ROOT/docs/$1"
}

@test "tutorial: every command runs, and the run it trains groks" {
    commands tutorial.md >tutorial.sh
    run -0 bash -eu -o pipefail tutorial.sh
    [ "$(grep -c '^gk-' tutorial.sh)" -ge 12 ]
    # t4 is a step, not nan, and the trajectory's last frame gets every row right
    run -0 gk-phases run.tsv
    read -r _ t2 _ t4 _ <<<"${lines[-1]}"
    [ "$t2" -lt "$t4" ]
    run -0 gk-eval -d add.data run.gks
    read -r _ _ train _ val <<<"${lines[-1]}"
    [ "$train $val" = '1 1' ]
}

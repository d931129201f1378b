# gk-hvp on the golden networks: the whole spectrum is known.
# shellcheck disable=SC2154,SC2030,SC2031 # run sets status, output and stderr
load helpers

golden() {
    (cd "$ROOT" && "$GK_BUILD/tests/golden_files" "tests/golden/$1.safetensors" "$2")
}

# spectrum FILE SET: the golden eigenvalues, rising, one a line.
spectrum() {
    gk-ckpt-dump --tensor "hessian.eigenvalues.$2" "$GOLDEN/$1.safetensors" |
        awk '!/^#/ && n++' | tr '\t' '\n'
}

@test "hvp: both ends and the top five, over all parameters and over matrices" {
    for g in transformer_paper mlp; do
        golden $g checkpoint >c
        golden $g dataset >d
        for set in all matrices; do
            spectrum $g $set | sort -g >want
            gk-hvp -d d --params $set --tol 1e-9 c >t
            close_to "$(column_of lambda_max t)" "$(tail -n 1 want)" 1e-8
            close_to "$(column_of lambda_min t)" "$(head -n 1 want)" 1e-8
            gk-hvp -d d --params $set --tol 1e-9 --top 5 c >t
            while read -r a b; do close_to "$a" "$b" 1e-8; done \
                < <(paste <(column_of lambda t) <(tail -n 5 want | tac))
        done
    done
}

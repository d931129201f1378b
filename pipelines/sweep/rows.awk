# The table of a sweep for a page, its head and its rows; before it what the sweep came to.
BEGIN {
    m = split("status steps t1 t2 t3 t4 delay phase slingshots final_val_acc final_val_loss reason", shown, " ")
}
/^#/ { told = told html(substr($0, 3)) "\n"; next }
!id_at {
    for (i = 1; i <= NF; i++) at[$i] = i
    id_at = at["id"]
    for (i = 1; i < id_at; i++) columns[++c] = i
    if (!c) columns[++c] = id_at
    for (i = 1; i <= m; i++) columns[++c] = at[shown[i]]
    for (i = 1; i <= c; i++) head = head "<th>" html($columns[i]) "</th>"
    next
}
{
    runs++; count[$at["status"]]++
    grokked += $at["grokked"] == 1
    line = ""
    for (i = 1; i <= c; i++) line = line "<td>" html($columns[i]) "</td>"
    body = body "<tr class=\"" ($at["status"] ~ /^(done|failed|running|queued)$/ ? $at["status"] : "") "\">" line "</tr>\n"
}
END {
    if (ENVIRON["PART"] == "summary") {
        printf "<p>%d runs: %d done, %d failed, %d going, %d waiting. %d of the %d that are done generalised.</p>\n", \
            runs, count["done"], count["failed"], count["running"], runs - count["done"] - count["failed"] - count["running"], \
            grokked, count["done"]
        printf "<pre>%s</pre>\n", told
    } else {
        printf "<div class=\"wide\"><table><thead><tr>%s</tr></thead>\n<tbody>\n%s</tbody></table></div>\n", head, body
    }
}

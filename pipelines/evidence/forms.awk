# Functions of the scripts beside this one.

# x by FORM; nan and inf stay words, which some awks take for 0
function short(form, x) { return x ~ /^-?[0-9]/ ? sprintf(form, x) : x }

# a of m, and its share's interval of 95 % (Wilson)
function wilson(a, m,   z, p, mid, h, low, high) {
    z = 1.959964; p = a / m; mid = p + z * z / (2 * m); h = z * sqrt(p * (1 - p) / m + z * z / (4 * m * m))
    low = (mid - h) / (1 + z * z / m); high = (mid + h) / (1 + z * z / m)
    return sprintf("%d\t%.5f\t%.5f", a, low < 0.000005 ? 0 : low, high > 0.999995 ? 1 : high)
}

/* gk_blas_start mends an OpenBLAS that takes a processor newer than itself for a Prescott. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "gk/blas.h"

#define WEAK __attribute__((weak))
extern char *gotoblas_corename(void) WEAK;
extern void gotoblas_dynamic_init(void) WEAK;
extern void gotoblas_dynamic_quit(void) WEAK;

static const char *const name = "OPENBLAS_CORETYPE";

static void check_products(void)
{
    enum { N = 37 };
    static float a[N * N], c[N * N];
    static double b[N * N], d[N * N];
    for (int i = 0; i < N * N; i++)
        b[i] = a[i] = (float)(i % 7 - 3);
    gk_sgemm(false, true, N, N, N, 1, a, N, a, N, 0, c, N);
    gk_dgemm(false, true, N, N, N, 1, b, N, b, N, 0, d, N);
    for (int i = 0; i < N * N; i++) {
        double sum = 0;
        for (int k = 0; k < N; k++)
            sum += b[i / N * N + k] * b[i % N * N + k];
        CHECK(c[i] == sum && d[i] == sum);
    }
}

/* In a process of its own: OpenBLAS as if it had not known the processor, SAID being what the user
 * says of it, NULL for nothing. */
static void start(const char *said)
{
    const bool told = said && *said;
#ifdef __x86_64__
    const bool newer = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    setenv(name, "Prescott", 1);
    gotoblas_dynamic_quit();
    gotoblas_dynamic_init();
    CHECK_STR_EQ(gotoblas_corename(), "Prescott");
    if (!said)
        unsetenv(name);
    else
        setenv(name, said, 1);
    CHECK(!gk_blas_start(1, NULL));
    CHECK_INT_EQ(strcmp(gotoblas_corename(), "Prescott") == 0, told || !newer);
    check_products();
#else
    (void)told;
#endif
}

int main(void)
{
    if (!gotoblas_corename || !gotoblas_dynamic_init || !gotoblas_dynamic_quit)
        return check_status(); /* another BLAS, or one that has code for one processor */
    const char *const said[] = {NULL, "", "Prescott"}; /* a variable without a value says nothing */
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        const pid_t child = fork();
        int status = 1;
        if (child == 0) {
            start(said[i]);
            _exit(check_status());
        }
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    return check_status();
}

/* All tools in one program, for make dist-bin: gk NAME ARGUMENT... is the tool NAME. tools.def has
 * a line TOOL(FUNCTION, NAME) for each; packaging/one writes it. */
#include <stdio.h>
#include <string.h>

#define TOOL(function, name) int function(int argc, char **argv);
#include "tools.def"
#undef TOOL

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} tools[] = {
#define TOOL(function, name) {name, function},
#include "tools.def"
#undef TOOL
};

/* OpenBLAS asks these functions how many threads to start. The answer is 1, as in
 * lib/base/compute/blas.c: gk starts its own. A static OpenBLAS has functions of the same names;
 * the linker's option --wrap replaces them by these. */
int __wrap_openblas_num_threads_env(void);
int __wrap_openblas_omp_num_threads_env(void);
int __wrap_omp_get_max_threads(void);

int __wrap_openblas_num_threads_env(void)
{
    return 1;
}

int __wrap_openblas_omp_num_threads_env(void)
{
    return 1;
}

int __wrap_omp_get_max_threads(void)
{
    return 1;
}

enum { N_TOOLS = sizeof tools / sizeof *tools };

int main(int argc, char **argv)
{
    for (int i = 0; argc > 1 && i < N_TOOLS; i++) {
        if (!strcmp(argv[1], tools[i].name))
            return tools[i].run(argc - 1, argv + 1);
    }
    fputs("usage: gk NAME [ARGUMENT]..., where NAME is one of:", stderr);
    for (int i = 0; i < N_TOOLS; i++)
        fprintf(stderr, " %s", tools[i].name);
    fputs("\n", stderr);
    return 2;
}

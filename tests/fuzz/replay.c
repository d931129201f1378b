/* The main of a target without a fuzzer: runs each input in the files and folders named. */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

static int run_file(const char *path)
{
    struct bytes b = {0};
    FILE *in = fopen(path, "rb"), *out = begin_bytes(&b);
    if (!in) {
        perror(path);
        return 1;
    }
    for (int c; (c = getc(in)) != EOF;)
        putc(c, out);
    fclose(in);
    fclose(out);
    fprintf(stderr, "%s\n", path); /* the last line names the input of a finding */
    LLVMFuzzerTestOneInput((const uint8_t *)b.p, b.n);
    free(b.p);
    return 0;
}

static int run_folder(const char *path)
{
    struct dirent **entry;
    int n = scandir(path, &entry, NULL, alphasort), failed = n <= 2;
    for (int i = 0; i < n; i++) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, entry[i]->d_name);
        if (entry[i]->d_name[0] != '.')
            failed |= run_file(file);
        free(entry[i]);
    }
    if (n >= 0)
        free(entry);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = argc < 2;
    for (int i = 1; i < argc; i++) {
        struct stat st;
        bool folder = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode);
        failed |= folder ? run_folder(argv[i]) : run_file(argv[i]);
    }
    return failed;
}

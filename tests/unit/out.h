/* What the tests of output share: files as text, a result in one call, children. */
#ifndef TEST_OUT_H
#define TEST_OUT_H

#include <stdio.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "folder.h"
#include "gk/out.h"

static struct gk_err err;

static inline const char *content(const char *path)
{
    static char text[256];
    FILE *fp = fopen(path, "r");
    if (!fp)
        return NULL;
    text[fread(text, 1, sizeof text - 1, fp)] = '\0';
    fclose(fp);
    return text;
}

static inline void put(const char *path, const char *text)
{
    FILE *fp = fopen(path, "w");
    CHECK(fp && fputs(text, fp) >= 0 && !fclose(fp));
}

static inline int write_file(const char *path, const char *text)
{
    struct gk_out out;
    if (gk_out_open(&out, path, true, &err))
        return -1;
    fputs(text, out.fp);
    return gk_out_commit(&out, &err);
}

/* Runs BODY in a child; the status of waitpid. */
static inline int in_child(void (*body)(void))
{
    fflush(NULL);
    pid_t pid = fork();
    int status;
    if (pid == 0) {
        check_failures = 0;
        body();
        fflush(NULL);
        _exit(check_failures != 0);
    }
    waitpid(pid, &status, 0);
    return status;
}

#endif

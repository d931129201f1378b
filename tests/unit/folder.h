/* A folder of its own for a test that writes files: it begins there, and at its end the folder and
 * all in it are gone. */
#ifndef TEST_FOLDER_H
#define TEST_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char test_folder[4096];
static pid_t test_process;

static inline int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
    (void)st, (void)flag, (void)at;
    return remove(path);
}

/* A child that ends leaves the folder to its parent. */
static inline void leave_folder(void)
{
    if (getpid() == test_process)
        nftw(test_folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void enter_folder(void)
{
    const char *bats = getenv("BATS_TEST_TMPDIR"), *tmp = bats ? bats : getenv("TMPDIR");
    snprintf(test_folder, sizeof test_folder, "%s/gk-test-XXXXXX", tmp ? tmp : "/tmp");
    test_process = getpid();
    if (!mkdtemp(test_folder) || atexit(leave_folder) || chdir(test_folder)) {
        perror(test_folder);
        exit(1);
    }
}

#endif

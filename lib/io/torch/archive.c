/* The zip archive that torch.save writes. Its members are stored; a compressed one is refused, so
 * that nothing grows beyond the size of the file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#include "gk/mem.h"
#include "torch_priv.h"

struct gk_archive {
    zip_t *zip;
    char *folder;
};

static int fail_open(int code, struct gk_err *err)
{
    zip_error_t e;
#ifdef ZIP_ER_TRUNCATED_ZIP /* from libzip 1.11 on, for a file that begins as an archive */
    if (code == ZIP_ER_TRUNCATED_ZIP)
        code = ZIP_ER_NOZIP;
#endif
    if (code == ZIP_ER_NOZIP)
        return gk_fail(err, "truncated: the end of the zip archive is missing");
    zip_error_init_with_code(&e, code);
    gk_fail(err, "the zip archive cannot be read: %s", zip_error_strerror(&e));
    zip_error_fini(&e);
    return -1;
}

static int find_folder(struct gk_archive *a, struct gk_err *err)
{
    static const char pickle[] = "data.pkl";
    const zip_int64_t n = zip_get_num_entries(a->zip, 0);
    for (zip_int64_t i = 0; i < n; i++) {
        const char *name = zip_get_name(a->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
        const size_t len = name ? strlen(name) : 0, tail = sizeof pickle - 1;
        if (len < tail || strcmp(name + len - tail, pickle) != 0 ||
            (len > tail && name[len - tail - 1] != '/'))
            continue;
        a->folder = gk_format(err, "%.*s", (int)(len - tail), name);
        return a->folder ? 0 : -1;
    }
    return gk_fail(err, "the zip archive has no member data.pkl");
}

static uint32_t little(const unsigned char *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The end of an archive says where its directory begins, counted from the archive's first byte. A
 * file may have other bytes before the archive; the zip format does not record them. */
static int check_alone(int fd, struct gk_err *err)
{
    enum { END = 22, END_64 = 76 }; /* bytes of the records after the directory */
    unsigned char end[END];
    const off_t size = lseek(fd, 0, SEEK_END);
    if (size < END || pread(fd, end, END, size - END) != END ||
        memcmp(end, "PK\5\6\0\0\0\0", 8) != 0)
        return 0; /* damaged, or with a comment: for libzip to judge */
    const uint32_t directory = little(end + 12), begin = little(end + 16);
    const off_t before = size - END - (off_t)directory - (off_t)begin;
    if (begin == UINT32_MAX || directory == UINT32_MAX || before <= 0 || before == END_64)
        return 0;
    return gk_fail(err,
                   "other bytes stand before its last archive; if this is a part of a distributed "
                   "checkpoint, take its folder: dcp_to_torch_save(\"FOLDER\", \"new.pt\") of "
                   "torch.distributed.checkpoint.format_utils");
}

int gk_archive_open(struct gk_archive **a, int fd, struct gk_err *err)
{
    int code = 0, own;
    *a = gk_alloc(1, sizeof **a, err);
    if (!*a)
        return -1;
    own = dup(fd);
    if (own < 0 || lseek(own, 0, SEEK_SET) < 0) {
        gk_fail(err, "cannot read again:");
    } else if (check_alone(own, err) || lseek(own, 0, SEEK_SET) < 0) {
        (*a)->zip = NULL;
    } else if (!((*a)->zip = zip_fdopen(own, 0, &code))) {
        fail_open(code, err);
    } else if (find_folder(*a, err) == 0) {
        return 0;
    }
    if (own >= 0 && !(*a)->zip)
        close(own);
    gk_archive_close(*a);
    *a = NULL;
    return -1;
}

void gk_archive_close(struct gk_archive *a)
{
    if (!a)
        return;
    if (a->zip)
        zip_discard(a->zip);
    free(a->folder);
    gk_free(a);
}

static int read_member(struct gk_archive *a, const zip_stat_t *st, void **data, struct gk_err *err)
{
    size_t have = 0, cap = 0;
    if (gk_grow((char **)data, &cap, (size_t)st->size + 1, 1, err))
        return -1;
    zip_file_t *file = zip_fopen_index(a->zip, st->index, 0);
    if (!file)
        return gk_fail(err, "member '%s': %s", gk_show(st->name).s, zip_strerror(a->zip));
    /* One byte more: libzip compares the checksum when it reads past the last. */
    zip_int64_t got = 1;
    while (got > 0 && have <= st->size)
        if ((got = zip_fread(file, (char *)*data + have, st->size + 1 - have)) > 0)
            have += (size_t)got;
    int rc = 0;
    if (got < 0)
        rc = gk_fail(err, "member '%s': %s", gk_show(st->name).s, zip_file_strerror(file));
    else if (have != st->size)
        rc = gk_fail(err, "member '%s' is truncated", gk_show(st->name).s);
    zip_fclose(file);
    return rc;
}

int gk_archive_read(struct gk_archive *a, const char *name, size_t most, void **data, size_t *n,
                    struct gk_err *err)
{
    zip_stat_t st;
    *data = NULL;
    char *path = gk_format(err, "%s%s", a->folder, name);
    if (!path)
        return -1;
    const zip_int64_t at = zip_name_locate(a->zip, path, ZIP_FL_ENC_RAW);
    free(path);
    if (at < 0)
        return 1;
    if (zip_stat_index(a->zip, (zip_uint64_t)at, 0, &st))
        return gk_fail(err, "member '%s': %s", gk_show(name).s, zip_strerror(a->zip));
    if (st.comp_method != ZIP_CM_STORE || st.comp_size != st.size)
        return gk_fail(err,
                       "member '%s' is compressed, which torch.save never does: zip -0 makes "
                       "an archive that is not",
                       gk_show(st.name).s);
    if (st.size > most)
        return gk_fail(err, "member '%s' claims %llu bytes, more than %zu", gk_show(st.name).s,
                       (unsigned long long)st.size, most);
    *n = (size_t)st.size;
    return read_member(a, &st, data, err);
}

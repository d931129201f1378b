/* Opens operands, and recognises what they hold. */
#include "gk/input.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "crc32c.h"
#include "out_priv.h"

static bool is_written(FILE *fp)
{
    struct stat st;
    return fstat(fileno(fp), &st) == 0 && gk_out_goes_to(&st);
}

static int refuse_foreign(const char *name, const char *what, const char *how, bool filter,
                          struct gk_err *err);

static int fail_read(const char *name, struct gk_err *err)
{
    char path[PATH_MAX];
    const int why = errno, n = snprintf(path, sizeof path, "%s/.metadata", name);
    const bool shards = why == EISDIR && n < (int)sizeof path && access(path, R_OK) == 0;
    errno = why;
    if (!shards)
        return gk_fail(err, "%s:", name);
    return refuse_foreign(name, "a distributed checkpoint of PyTorch",
                          "python3 -c 'from torch.distributed.checkpoint.format_utils import "
                          "dcp_to_torch_save as save; save(\"@\", \"new.pt\")'; "
                          "gk-ckpt-dump --format safetensors new.pt",
                          false, err);
}

void (*gk_input_waits)(void);

int gk_input_open(FILE **fp, const char **name, const char *path, struct gk_err *err)
{
    static bool standard_input_taken;
    bool standard = !path || !strcmp(path, "-");
    *name = standard ? "standard input" : path;
    if (standard && standard_input_taken)
        return gk_fail_usage(err, "standard input is wanted twice");
    standard_input_taken |= standard;
    *fp = standard ? stdin : fopen(path, "rbe");
    if (!*fp)
        return gk_fail(err, "%s:", *name);
    if (is_written(*fp)) {
        if (*fp != stdin)
            fclose(*fp);
        *fp = NULL;
        return gk_fail_usage(err, "%s is both input and output", *name);
    }
    if (standard && gk_input_waits && isatty(STDIN_FILENO))
        gk_input_waits();
    int c = getc(*fp);
    if (c != EOF) {
        (void)ungetc(c, *fp); /* stdio guarantees one byte of pushback */
        return 0;
    }
    if (ferror(*fp))
        fail_read(*name, err);
    else
        gk_fail(err, "%s: empty input", *name);
    fclose(*fp);
    *fp = NULL;
    return -1;
}

bool gk_input_is_file(FILE *fp)
{
    struct stat st;
    return fileno(fp) >= 0 && fstat(fileno(fp), &st) == 0 && S_ISREG(st.st_mode);
}

/* ---- files of other programs, and how to convert them ---- */

struct foreign {
    const char *magic; /* the first LEN bytes */
    size_t len;
    const char *what;
    const char *how; /* a command whose output gk reads; @ is the file */
    bool filter;     /* the command can also read standard input */
};

#define MAGIC(s) s, sizeof(s) - 1

static const struct foreign foreign[] = {
    {MAGIC("\x1f\x8b"), "compressed by gzip", "gunzip -c @", true},
    {MAGIC("BZh?1AY&"), "compressed by bzip2", "bunzip2 -c @", true},
    {MAGIC("\xfd"
           "7zXZ\0"),
     "compressed by xz", "xz -dc @", true},
    {MAGIC("\x28\xb5\x2f\xfd"), "compressed by zstd", "zstd -dc @", true},
    {MAGIC("\x04\x22\x4d\x18"), "compressed by lz4", "lz4 -dc @", true},
    {MAGIC("7z\xbc\xaf\x27\x1c"), "a 7z archive", "7z x -so @", false},
    {MAGIC("\xff\xfe\0\0"), "text in UTF-32", "iconv -f UTF-32 -t UTF-8 @", true},
    {MAGIC("\0\0\xfe\xff"), "text in UTF-32", "iconv -f UTF-32 -t UTF-8 @", true},
    {MAGIC("\xff\xfe"), "text in UTF-16", "iconv -f UTF-16 -t UTF-8 @", true},
    {MAGIC("\xfe\xff"), "text in UTF-16", "iconv -f UTF-16 -t UTF-8 @", true},
    {MAGIC("\x89HDF\r\n\x1a\n"), "an HDF5 file",
     "python3 -c 'import sys, h5py, numpy; numpy.savetxt(sys.stdout, h5py.File(\"@\")[\"NAME\"])'",
     false},
    {MAGIC("PAR1"), "a Parquet file",
     "python3 -c 'import pandas; print(pandas.read_parquet(\"@\").to_csv(index=False))'", false},
    {MAGIC("ARROW1\0\0"), "an Arrow (Feather) file",
     "python3 -c 'import pandas; print(pandas.read_feather(\"@\").to_csv(index=False))'", false},
    {MAGIC("FEA1"), "a Feather file",
     "python3 -c 'import pandas; print(pandas.read_feather(\"@\").to_csv(index=False))'", false},
    {MAGIC("SQLite format 3\0"), "an SQLite database", "sqlite3 -csv -header @ 'select ...'",
     false},
    {MAGIC("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46"), "a PyTorch file as before version 1.6",
     "python3 -c 'import torch; torch.save(torch.load(\"@\", weights_only=True), \"new.pt\")'; "
     "gk-ckpt-dump --format safetensors new.pt",
     false},
    {MAGIC("\x80\x02"), "a Python pickle", NULL, false},
    {MAGIC("\x80\x03"), "a Python pickle", NULL, false},
    {MAGIC("\x80\x04"), "a Python pickle", NULL, false},
    {MAGIC("\x80\x05"), "a Python pickle", NULL, false},
    {MAGIC("PK\x05\x06"), "a zip archive without a file in it", NULL, false},
    {MAGIC(":W&B"), "a run of Weights & Biases as its program keeps it",
     "wandb sync @; python3 -c 'import pandas, wandb; print(pandas.DataFrame(wandb.Api()"
     ".run(\"ENTITY/PROJECT/RUN\").scan_history()).to_csv(index=False))'",
     false},
    {MAGIC("version https://git-lfs."),
     "a pointer of Git LFS: git lfs pull fetches the file itself", NULL, false},
    {MAGIC("%PDF-1."), "a PDF document", NULL, false},
    {MAGIC("%PDF-2."), "a PDF document", NULL, false},
    {MAGIC("\x89PNG\r\n\x1a\n"), "a PNG picture", NULL, false},
};

/* Loading a pickle runs whatever its author chose, so no command is suggested. */
static const char pickle_advice[] =
    "it can run any program when it is loaded; where you trust it, save what it holds with "
    "numpy.save, pandas' to_csv or torch.save from Python";

/* A name that needs no quoting in a shell or in a Python string. */
static bool is_plain(const char *name)
{
    return *name != '-' && name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                             "0123456789._/+-=:,%@")] == '\0';
}

/* HOW with the file in place of '@', as a pipe. */
static void put_command(char *to, size_t room, const char *how, bool filter, const char *name)
{
    const bool standard = !strcmp(name, "standard input");
    const char *at = strchr(how, '@'), *file = standard || !is_plain(name) ? "FILE" : name;
    int before = (int)(at - how);
    if (standard && filter) {
        file = "";
        before--; /* nor the space before it */
    }
    snprintf(to, room, "%s%.*s%s%s | ...", standard && filter ? "... | " : "", before, how, file,
             at + 1);
}

static int refuse_foreign(const char *name, const char *what, const char *how, bool filter,
                          struct gk_err *err)
{
    char command[700];
    if (!strcmp(what, "a Python pickle"))
        return gk_fail(err, "%s: this is %s: %s", name, what, pickle_advice);
    if (!how)
        return gk_fail(err, "%s: this is %s", name, what);
    put_command(command, sizeof command, how, filter, name);
    return gk_fail(err, "%s: this is %s: %s", name, what, command);
}

int gk_input_refuse(const char *name, enum gk_input_kind kind, const char *wanted,
                    struct gk_err *err)
{
    static const char *const what[] = {[GK_INPUT_TABLE] = "text",
                                       [GK_INPUT_FRAMES] = "safetensors frames",
                                       [GK_INPUT_NPY] = "a .npy array",
                                       [GK_INPUT_JSON] = "JSON",
                                       [GK_INPUT_EVENTS] = "a TensorBoard event file",
                                       [GK_INPUT_TORCH] = "a PyTorch file",
                                       [GK_INPUT_UNKNOWN] = "nothing that gk knows"};
    if (kind == GK_INPUT_EVENTS)
        return refuse_foreign(name, what[kind], "gk-curve @", true, err);
    if (kind == GK_INPUT_TORCH)
        return refuse_foreign(name, what[kind], "gk-ckpt-dump --format safetensors @", true, err);
    return gk_fail(err, "%s: %s wanted, this is %s", name, wanted, what[kind]);
}

/* ---- the first bytes ---- */

enum { LOOK = 8, ZIP_HEADER = 30, LONGEST_LOOK = 600 };

/* Text has no such bytes; the length at the start of a frame contains zeros. */
static bool is_text(const unsigned char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((s[i] < ' ' && !strchr("\t\n\v\f\r", s[i])) || s[i] == 0 || s[i] == 0xff)
            return false;
    return true;
}

/* Would reading one more byte block? Bytes that stdio has buffered do not. */
static bool must_wait(FILE *fp)
{
    struct pollfd p = {.fd = fileno(fp), .events = POLLIN};
    return p.fd >= 0 && fp->_IO_read_ptr >= fp->_IO_read_end && poll(&p, 1, 0) == 0;
}

/* Peeks at up to WANT bytes: glibc takes this many back into any stream, pipes too. It does not
 * wait for a live producer of text beyond the first line. */
static int peek(FILE *fp, const char *name, unsigned char *first, size_t want, size_t *n,
                struct gk_err *err)
{
    int c = 0;
    for (*n = 0; *n < want && (c = getc(fp)) != EOF;) {
        first[(*n)++] = (unsigned char)c;
        if (c == '\n' && is_text(first, *n) && must_wait(fp))
            break;
    }
    if (c == EOF && ferror(fp))
        return gk_fail(err, "%s:", name);
    clearerr(fp); /* a short input has already ended */
    for (size_t i = *n; i-- > 0;)
        if (ungetc(first[i], fp) == EOF)
            return gk_fail(err, "%s: cannot look ahead", name);
    return 0;
}

/* '?' in MAGIC is any byte. */
static bool begins(const unsigned char *first, size_t n, const char *magic, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (i >= n || (magic[i] != '?' && first[i] != (unsigned char)magic[i]))
            return false;
    return true;
}

static bool is_space(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The length of a frame's header, or of an event file's record; 0: implausible. */
static size_t small_length(const unsigned char *first, size_t n)
{
    uint64_t len = 0;
    if (n >= sizeof len)
        memcpy(&len, first, sizeof len);
    return len <= 16 << 20 ? (size_t)len : 0;
}

/* How many bytes are needed to recognise an input whose first eight are these. This does not wait
 * for more than a live input must hold. */
static size_t bytes_to_tell(const unsigned char *first, size_t n)
{
    if (begins(first, n, MAGIC("PK\x03\x04")))
        return LONGEST_LOOK;
    if (begins(first, n, MAGIC("SQLite f")))
        return 16;
    if (begins(first, n, MAGIC("version ")))
        return 24;
    return small_length(first, n) >= 4 ? LOOK + 4 : LOOK;
}

static bool is_events(const unsigned char *first, size_t n)
{
    uint32_t crc;
    if (n < LOOK + sizeof crc)
        return false;
    memcpy(&crc, first + LOOK, sizeof crc);
    return small_length(first, n) > 0 && crc == gk_crc32c_masked(gk_crc32c(0, first, LOOK));
}

/* An object, or an array of objects or arrays. The length at the start of a frame may also be such
 * a bracket, but not followed by JSON. An object as Python prints it is recognised, too, for a
 * better message. */
static bool is_json(const unsigned char *s, size_t n)
{
    size_t i = begins(s, n, MAGIC("\xef\xbb\xbf")) ? 3 : 0;
    while (i < n && is_space(s[i]))
        i++;
    if (i == n || (s[i] != '{' && s[i] != '['))
        return false;
    const char *next = s[i] == '{' ? "\"}'" : "{][";
    for (i++; i < n && is_space(s[i]);)
        i++;
    return i == n || strchr(next, s[i]);
}

/* Four letters of UTF-16 without a byte order mark: every other byte is 0, from byte ZERO. */
static bool is_utf16(const unsigned char *s, size_t n, size_t zero)
{
    unsigned char letters[LOOK / 2];
    for (size_t i = 0; i < LOOK / 2; i++) {
        if (n < LOOK || s[2 * i + zero] != 0)
            return false;
        letters[i] = s[2 * i + 1 - zero];
    }
    return is_text(letters, sizeof letters);
}

/* A zip archive is recognised by the name of its first file. */
static int tell_zip(const unsigned char *first, size_t n, const char *name,
                    enum gk_input_kind *kind, struct gk_err *err)
{
    char member[LONGEST_LOOK] = "", how[LONGEST_LOOK + 32];
    size_t len = n > ZIP_HEADER ? first[26] | (size_t)first[27] << 8 : 0;
    if (len > n - ZIP_HEADER || n < ZIP_HEADER)
        len = 0;
    memcpy(member, first + ZIP_HEADER, len);
    const char *slash = strrchr(member, '/'), *base = slash ? slash + 1 : member;
    if (!strcmp(base, "data.pkl")) {
        *kind = GK_INPUT_TORCH;
        return 0;
    }
    const char *first_slash = strchr(member, '/');
    if (first_slash && !strncmp(first_slash, "/data/weights/", 14))
        return refuse_foreign(name, "an archive of torch.export",
                              "python3 -c 'import torch; torch.save(torch.export.load(\"@\")"
                              ".state_dict, \"new.pt\")'; "
                              "gk-ckpt-dump --format safetensors new.pt",
                              false, err);
    if (first_slash && (!strncmp(first_slash, "/data/", 6) || !strncmp(first_slash, "/code/", 6) ||
                        !strncmp(first_slash, "/constants", 10)))
        return refuse_foreign(name, "a TorchScript archive",
                              "python3 -c 'import torch; torch.save(torch.jit.load(\"@\", "
                              "\"cpu\").state_dict(), \"new.pt\")'; "
                              "gk-ckpt-dump --format safetensors new.pt",
                              false, err);
    if (!strcmp(member, "metadata.json"))
        return refuse_foreign(name, "a model of Keras",
                              "python3 -c 'import keras, safetensors.numpy as s; s.save_file("
                              "{w.path.replace(\"/\", \".\"): w.numpy() for w in "
                              "keras.saving.load_model(\"@\").weights}, \"new.safetensors\")'; "
                              "gk-ckpt-dump --format safetensors new.safetensors",
                              false, err);
    if (!strcmp(member, "[Content_Types].xml"))
        return gk_fail(err, "%s: this is an Office document: save the sheet as CSV", name);
    const char *dot = strrchr(base, '.');
    if (!dot || strcmp(dot, ".npy") != 0)
        return refuse_foreign(name, "a zip archive", "unzip -p @", false, err);
    snprintf(how, sizeof how, "unzip -p @ %s", is_plain(member) ? member : "NAME.npy");
    return refuse_foreign(name, "NumPy arrays in a zip archive (.npz)", how, false, err);
}

int gk_input_look(FILE *fp, const char *name, enum gk_input_kind *kind, struct gk_err *err)
{
    unsigned char first[LONGEST_LOOK];
    size_t n;
    if (peek(fp, name, first, LOOK, &n, err))
        return -1;
    const size_t more = bytes_to_tell(first, n);
    if (more > LOOK && peek(fp, name, first, more, &n, err))
        return -1;
    const bool length = small_length(first, n) > 0;
    *kind = GK_INPUT_UNKNOWN;
    if (length && (n <= LOOK || first[LOOK] == '{' || is_space(first[LOOK]))) {
        *kind = GK_INPUT_FRAMES; /* the header of a frame is JSON */
        return 0;
    }
    if (begins(first, n, MAGIC("PK\x03\x04")))
        return tell_zip(first, n, name, kind, err);
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        const struct foreign *f = &foreign[i];
        /* Four letters may also be the length of a header. */
        if (begins(first, n, f->magic, f->len) && (f->len > 4 || !is_text(first, n)))
            return refuse_foreign(name, f->what, f->how, f->filter, err);
    }
    if (is_utf16(first, n, 1) || is_utf16(first, n, 0))
        return refuse_foreign(name, "text in UTF-16",
                              is_utf16(first, n, 1) ? "iconv -f UTF-16LE -t UTF-8 @"
                                                    : "iconv -f UTF-16BE -t UTF-8 @",
                              true, err);
    if (begins(first, n, MAGIC("\x93NUMPY")))
        *kind = GK_INPUT_NPY;
    else if (is_events(first, n))
        *kind = GK_INPUT_EVENTS;
    else if (length)
        *kind = GK_INPUT_FRAMES;
    else if (is_text(first, n < LOOK ? n : LOOK))
        *kind = is_json(first, n < LOOK ? n : LOOK) ? GK_INPUT_JSON : GK_INPUT_TABLE;
    return 0;
}

int gk_input_kind(FILE *fp, const char *name, enum gk_input_kind *kind, struct gk_err *err)
{
    if (gk_input_look(fp, name, kind, err))
        return -1;
    if (*kind == GK_INPUT_EVENTS || *kind == GK_INPUT_TORCH)
        return gk_input_refuse(name, *kind, NULL, err);
    if (*kind == GK_INPUT_JSON)
        *kind = GK_INPUT_TABLE;
    if (*kind == GK_INPUT_UNKNOWN)
        *kind = GK_INPUT_FRAMES;
    return 0;
}

/* A disk that fails, and one that loses what was not synced: for a process that is started with
 *
 *     LD_PRELOAD=failing_disk.so FAILING_DISK=<control file>
 *
 * The control file is mapped into the process and may be changed at any time; failing_disk.py has the same layout.
 *
 * Failing: calls that write, truncate or sync a file below a folder return -1 with a chosen errno. A write that fails has
 * written half of what it was given.
 *
 * Journal: every change of such a file is noted beforehand, with what was there, and every sync afterwards. Whoever takes
 * back what no sync has made durable has what a power cut may leave.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITING = 1, SYNCING = 2, TRUNCATING = 4 };

struct control {
    uint32_t armed;
    uint32_t calls;       /* which calls fail */
    int32_t error;        /* with which errno */
    uint32_t after;       /* so many matching calls succeed first */
    uint32_t times;       /* then at most so many fail */
    uint32_t per_million; /* each with this probability */
    uint64_t seed;
    uint64_t matched; /* told back */
    uint64_t failed;
    uint32_t journaling;
    char under[512]; /* only paths that begin so, */
    char named[128]; /* and contain this */
    char journal[512];
};

/* Of a note in the journal; what was there (`before` bytes) and what was to be written (`length` bytes) follow it. */
struct note {
    char kind[4]; /* "W", "T", "R", "S", "F": written, truncated, renamed, synced, failed to sync */
    uint32_t before;
    uint32_t length;
    uint32_t unused;
    uint64_t inode; /* of the file; of the folder that a renamed file came to */
    uint64_t offset;
    uint64_t size; /* of the file, before */
};

static struct control *control;
static int journal = -1;

static void *next_of(const char *name) {
    return dlsym(RTLD_NEXT, name);
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAILING_DISK");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *mapped = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED)
        control = mapped;
}

static int is_below(const char *path) {
    return strncmp(path, control->under, strlen(control->under)) == 0;
}

/* Whether the open file is one of those that matter; then its path. */
static int watched(int file, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0)
        return 0;
    path[length] = 0;
    return is_below(path);
}

static uint64_t mixed(uint64_t value) {
    value += 0x9e3779b97f4a7c15u;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

/* Whether this call is to fail. */
static int fails(uint32_t call, int file) {
    char path[PATH_MAX];
    if (!control || !__atomic_load_n(&control->armed, __ATOMIC_ACQUIRE) || !(control->calls & call))
        return 0;
    if (!watched(file, path) || !strstr(path, control->named))
        return 0;
    uint64_t number = __atomic_fetch_add(&control->matched, 1, __ATOMIC_RELAXED);
    if (number < control->after || mixed(control->seed + number) % 1000000 >= control->per_million)
        return 0;
    if (__atomic_fetch_add(&control->failed, 1, __ATOMIC_RELAXED) >= control->times) {
        __atomic_fetch_sub(&control->failed, 1, __ATOMIC_RELAXED);
        return 0;
    }
    return 1;
}

static int journaling(int file) {
    char path[PATH_MAX];
    if (!control || !__atomic_load_n(&control->journaling, __ATOMIC_ACQUIRE) || !watched(file, path))
        return 0;
    if (journal < 0)
        journal = open(control->journal, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    return journal >= 0;
}

/* One write, so that notes of several threads do not mix; straight to the kernel, past what is defined below. */
static void put(struct note *head, const void *before, const void *after) {
    struct iovec parts[] = {{head, sizeof *head}, {(void *)before, head->before}, {(void *)after, head->length}};
    syscall(SYS_writev, journal, parts, 3);
}

static void note_change(const char *kind, int file, off_t offset, const void *data, size_t length) {
    struct stat facts;
    if (!journaling(file) || fstat(file, &facts) < 0 || !S_ISREG(facts.st_mode))
        return;
    if (offset < 0)
        offset = fcntl(file, F_GETFL) & O_APPEND ? facts.st_size : lseek(file, 0, SEEK_CUR);
    size_t there = *kind == 'T' ? (size_t)facts.st_size : (size_t)offset + length;
    size_t end = there < (size_t)facts.st_size ? there : (size_t)facts.st_size;
    struct note head = {.inode = facts.st_ino, .offset = offset, .size = facts.st_size, .length = data ? length : 0};
    head.kind[0] = *kind;
    head.before = end > (size_t)offset ? end - offset : 0;
    /* The file may be open for writing only: it is read by another descriptor. */
    char link[64], *before = malloc(head.before + 1);
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    int reading = open(link, O_RDONLY | O_CLOEXEC);
    if (pread(reading, before, head.before, offset) != (ssize_t)head.before)
        abort();
    close(reading);
    put(&head, before, data);
    free(before);
}

static void note_sync(const char *kind, int file) {
    struct stat facts;
    if (!journaling(file) || fstat(file, &facts) < 0)
        return;
    struct note head = {.inode = facts.st_ino};
    head.kind[0] = *kind;
    put(&head, NULL, NULL);
}

ssize_t pwrite64(int file, const void *data, size_t length, off64_t offset) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real)
        real = next_of("pwrite64");
    int failing = fails(WRITING, file);
    size_t part = failing ? length / 2 : length;
    note_change("W", file, offset, data, part);
    ssize_t result = real(file, data, part, offset);
    if (!failing)
        return result;
    errno = control->error;
    return -1;
}

ssize_t pwrite(int file, const void *data, size_t length, off_t offset) {
    return pwrite64(file, data, length, offset);
}

ssize_t write(int file, const void *data, size_t length) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real)
        real = next_of("write");
    int failing = fails(WRITING, file);
    size_t part = failing ? length / 2 : length;
    note_change("W", file, -1, data, part);
    ssize_t result = real(file, data, part);
    if (!failing)
        return result;
    errno = control->error;
    return -1;
}

static int sync_with(const char *name, int file) {
    int (*real)(int) = next_of(name);
    if (fails(SYNCING, file)) {
        note_sync("F", file);
        errno = control->error;
        return -1;
    }
    int result = real(file);
    if (result == 0)
        note_sync("S", file);
    return result;
}

int fsync(int file) {
    return sync_with("fsync", file);
}

int fdatasync(int file) {
    return sync_with("fdatasync", file);
}

int ftruncate64(int file, off64_t length) {
    static int (*real)(int, off64_t);
    if (!real)
        real = next_of("ftruncate64");
    if (fails(TRUNCATING, file)) {
        errno = control->error;
        return -1;
    }
    note_change("T", file, length, NULL, 0);
    return real(file, length);
}

int ftruncate(int file, off_t length) {
    return ftruncate64(file, length);
}

/* A new name is there after a power cut once its folder was synced; until then the file may have its old one. */
int rename(const char *from, const char *to) {
    static int (*real)(const char *, const char *);
    if (!real)
        real = next_of("rename");
    int result = real(from, to);
    char folder[PATH_MAX], *slash;
    strncpy(folder, to, sizeof folder - 1);
    folder[sizeof folder - 1] = 0;
    if (result < 0 || !control || !is_below(to) || !(slash = strrchr(folder, '/')))
        return result;
    *slash = 0;
    int there = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat facts;
    if (there >= 0 && journaling(there) && fstat(there, &facts) == 0) {
        struct note head = {.kind = "R", .inode = facts.st_ino, .before = strlen(from), .length = strlen(to)};
        put(&head, from, to);
    }
    close(there);
    return result;
}

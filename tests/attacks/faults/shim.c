/* Makes the n-th call to the C library that reads files or links them fail, once.
 *
 * By LD_PRELOAD. arm(n, error) counts calls from 1, in whatever thread; fired() names the call that
 * failed, or is "" if there were fewer; disarm() ends it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/types.h>

static atomic_long left = 0;
static int failure = 0;
static const char *failed = "";

void arm(long n, int error) { failure = error; failed = ""; left = n; }
void disarm(void) { left = 0; }
const char *fired(void) { return failed; }

static int fails(const char *name)
{
    if (atomic_load(&left) <= 0 || atomic_fetch_sub(&left, 1) != 1)
        return 0;
    failed = name;
    errno = failure;
    return 1;
}

#define WRAP(type, wrong, name, parameters, arguments)                                  \
    type name parameters                                                                \
    {                                                                                   \
        static type (*real) parameters = NULL;                                          \
        if (!real)                                                                      \
            real = (type(*) parameters)dlsym(RTLD_NEXT, #name);                         \
        return fails(#name) ? (wrong) : real arguments;                                 \
    }

#define WRAP_OPEN(name, parameters, arguments)                                          \
    int name parameters                                                                 \
    {                                                                                   \
        static int (*real)() = NULL;                                                    \
        mode_t mode = 0;                                                                \
        if (flags & (O_CREAT | __O_TMPFILE)) {                                          \
            va_list rest;                                                               \
            va_start(rest, flags);                                                      \
            mode = va_arg(rest, int);                                                   \
            va_end(rest);                                                               \
        }                                                                               \
        if (!real)                                                                      \
            real = (int (*)())dlsym(RTLD_NEXT, #name);                                  \
        return fails(#name) ? -1 : real arguments;                                      \
    }

WRAP_OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
WRAP_OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
WRAP_OPEN(openat, (int at, const char *path, int flags, ...), (at, path, flags, mode))
WRAP_OPEN(openat64, (int at, const char *path, int flags, ...), (at, path, flags, mode))

WRAP(int, -1, stat, (const char *path, struct stat *told), (path, told))
WRAP(int, -1, lstat, (const char *path, struct stat *told), (path, told))
WRAP(int, -1, fstat, (int file, struct stat *told), (file, told))
WRAP(int, -1, fstatat, (int at, const char *path, struct stat *told, int flags), (at, path, told, flags))
WRAP(int, -1, stat64, (const char *path, struct stat64 *told), (path, told))
WRAP(int, -1, lstat64, (const char *path, struct stat64 *told), (path, told))
WRAP(int, -1, fstat64, (int file, struct stat64 *told), (file, told))
WRAP(int, -1, fstatat64, (int at, const char *path, struct stat64 *told, int flags), (at, path, told, flags))
WRAP(int, -1, statx, (int at, const char *path, int flags, unsigned mask, struct statx *told), (at, path, flags, mask, told))
WRAP(int, -1, name_to_handle_at, (int at, const char *path, struct file_handle *handle, int *mount, int flags), (at, path, handle, mount, flags))
WRAP(ssize_t, -1, readlink, (const char *path, char *buffer, size_t size), (path, buffer, size))
WRAP(ssize_t, -1, readlinkat, (int at, const char *path, char *buffer, size_t size), (at, path, buffer, size))
WRAP(DIR *, NULL, opendir, (const char *path), (path))
WRAP(DIR *, NULL, fdopendir, (int file), (file))
WRAP(struct dirent *, NULL, readdir, (DIR *folder), (folder))
WRAP(struct dirent64 *, NULL, readdir64, (DIR *folder), (folder))
WRAP(ssize_t, -1, read, (int file, void *buffer, size_t count), (file, buffer, count))
WRAP(ssize_t, -1, readv, (int file, const struct iovec *rooms, int count), (file, rooms, count))
WRAP(ssize_t, -1, pread, (int file, void *buffer, size_t count, off_t offset), (file, buffer, count, offset))
WRAP(ssize_t, -1, pread64, (int file, void *buffer, size_t count, off64_t offset), (file, buffer, count, offset))
WRAP(int, -1, link, (const char *from, const char *to), (from, to))
WRAP(int, -1, linkat, (int from_at, const char *from, int to_at, const char *to, int flags), (from_at, from, to_at, to, flags))
WRAP(ssize_t, -1, write, (int file, const void *buffer, size_t count), (file, buffer, count))

int ioctl(int file, unsigned long request, ...)
{
    static int (*real)(int, unsigned long, ...) = NULL;
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if (!real)
        real = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
    return fails("ioctl") ? -1 : real(file, request, argument);
}

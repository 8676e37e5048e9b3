/*
 * A disk that fails when it is told to: LD_PRELOAD of a server under test.
 *
 * FAULT      kill:   the process dies, as of kill -9, before a call that changes something
 *            enospc: calls that take room fail
 *            eio:    syncs fail
 *            emfile: files cannot be opened, as there are too many
 *            pause:  syncs take 100 ms
 * FAULT_DIR  only calls on files below this folder count
 * FAULT_AT   the first call that is struck, from 1
 * FAULT_FOR  how many calls are struck; one without it
 *
 * Each call that is struck is told of by a byte to descriptor 3.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* What a call does. */
enum { CHANGES = 1, TAKES_ROOM = 2, SYNCS = 4, OPENS = 8 };

static atomic_int calls;

static int below(const char *path) {
  const char *dir = getenv("FAULT_DIR");
  return dir != NULL && strncmp(path, dir, strlen(dir)) == 0;
}

static int fd_below(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return below(path);
}

static const struct {
  const char *name;
  int strikes, error;
} faults[] = {{"kill", CHANGES, 0}, {"enospc", TAKES_ROOM, ENOSPC}, {"erofs", TAKES_ROOM, EROFS}, {"eio", SYNCS, EIO}, {"emfile", OPENS, EMFILE}, {"pause", SYNCS, 0}};

/* True where the call must fail; errno is set. */
static int strikes(int what) {
  const char *fault = getenv("FAULT"), *at = getenv("FAULT_AT"), *times = getenv("FAULT_FOR");
  for (size_t i = 0; fault != NULL && i < sizeof faults / sizeof *faults; i++) {
    if (strcmp(fault, faults[i].name) != 0 || !(what & faults[i].strikes)) continue;
    int first = at ? atoi(at) : 1, call = atomic_fetch_add(&calls, 1) + 1;
    if (call < first || call >= first + (times ? atoi(times) : 1)) return 0;
    if (write(3, "!", 1) < 0) abort();
    if (strcmp(fault, "kill") == 0) kill(getpid(), SIGKILL), pause();
    if (strcmp(fault, "pause") == 0) usleep(100 * 1000);
    errno = faults[i].error;
    return errno != 0;
  }
  return 0;
}

#define REAL(name, ...) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))(__VA_ARGS__)

#define OPEN(name)                                                                  \
  int name(const char *path, int flags, ...) {                                      \
    va_list rest;                                                                   \
    va_start(rest, flags);                                                          \
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;                       \
    va_end(rest);                                                                   \
    int what = flags & (O_CREAT | O_TRUNC) ? OPENS | CHANGES | TAKES_ROOM : OPENS;  \
    if (below(path) && strikes(what)) return -1;                                    \
    return REAL(name, path, flags, mode);                                           \
  }
OPEN(open)
OPEN(open64)

#define ON_FD(what, type, name, params, ...)             \
  type name params {                                     \
    if (fd_below(fd) && strikes(what)) return -1;        \
    return REAL(name, __VA_ARGS__);                      \
  }
ON_FD(CHANGES | TAKES_ROOM, ssize_t, write, (int fd, const void *bytes, size_t n), fd, bytes, n)
ON_FD(CHANGES | TAKES_ROOM, ssize_t, pwrite, (int fd, const void *bytes, size_t n, off_t at), fd, bytes, n, at)
ON_FD(CHANGES | TAKES_ROOM, ssize_t, pwrite64, (int fd, const void *bytes, size_t n, off64_t at), fd, bytes, n, at)
ON_FD(CHANGES | TAKES_ROOM, ssize_t, writev, (int fd, const struct iovec *parts, int n), fd, parts, n)
ON_FD(CHANGES | TAKES_ROOM, ssize_t, pwritev, (int fd, const struct iovec *parts, int n, off_t at), fd, parts, n, at)
ON_FD(CHANGES | TAKES_ROOM, ssize_t, pwritev64, (int fd, const struct iovec *parts, int n, off64_t at), fd, parts, n, at)
ON_FD(CHANGES, int, ftruncate, (int fd, off_t length), fd, length)
ON_FD(CHANGES, int, ftruncate64, (int fd, off64_t length), fd, length)
ON_FD(CHANGES | SYNCS, int, fsync, (int fd), fd)
ON_FD(CHANGES | SYNCS, int, fdatasync, (int fd), fd)

#define ON_PATH(what, name, path, params, ...)           \
  int name params {                                      \
    if (below(path) && strikes(what)) return -1;         \
    return REAL(name, __VA_ARGS__);                      \
  }
ON_PATH(CHANGES | TAKES_ROOM, mkdir, path, (const char *path, mode_t mode), path, mode)
ON_PATH(CHANGES | TAKES_ROOM, rename, to, (const char *from, const char *to), from, to)
ON_PATH(CHANGES | TAKES_ROOM, link, to, (const char *from, const char *to), from, to)
ON_PATH(CHANGES, unlink, path, (const char *path), path)

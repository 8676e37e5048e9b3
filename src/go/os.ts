/** Go's texts for the errors, signals and file modes of Linux. */
import type { Stats } from 'node:fs';

const errnoTexts: ReadonlyMap<string, string> = new Map([
  ['E2BIG', 'argument list too long'],
  ['EACCES', 'permission denied'],
  ['EAGAIN', 'resource temporarily unavailable'],
  ['EBADF', 'bad file descriptor'],
  ['EBUSY', 'device or resource busy'],
  ['EDQUOT', 'disk quota exceeded'],
  ['EEXIST', 'file exists'],
  ['EFBIG', 'file too large'],
  ['EINTR', 'interrupted system call'],
  ['EINVAL', 'invalid argument'],
  ['EIO', 'input/output error'],
  ['EISDIR', 'is a directory'],
  ['ELOOP', 'too many levels of symbolic links'],
  ['EMFILE', 'too many open files'],
  ['EMLINK', 'too many links'],
  ['ENAMETOOLONG', 'file name too long'],
  ['ENFILE', 'too many open files in system'],
  ['ENODEV', 'no such device'],
  ['ENOENT', 'no such file or directory'],
  ['ENOEXEC', 'exec format error'],
  ['ENOMEM', 'cannot allocate memory'],
  ['ENOSPC', 'no space left on device'],
  ['ENOSYS', 'function not implemented'],
  ['ENOTDIR', 'not a directory'],
  ['ENOTEMPTY', 'directory not empty'],
  ['ENOTSUP', 'operation not supported'],
  ['ENXIO', 'no such device or address'],
  ['EPERM', 'operation not permitted'],
  ['EROFS', 'read-only file system'],
  ['ESTALE', 'stale file handle'],
  ['ETXTBSY', 'text file busy'],
  ['EXDEV', 'invalid cross-device link'],
]);

/** Go's text of a system error ("no such file or directory"); Node's text for the few others. */
export function errnoText(error: NodeJS.ErrnoException): string {
  return errnoTexts.get(error.code ?? '') ?? error.message;
}

const signalTexts: ReadonlyMap<string, string> = new Map([
  ['SIGABRT', 'aborted'],
  ['SIGALRM', 'alarm clock'],
  ['SIGBUS', 'bus error'],
  ['SIGFPE', 'floating point exception'],
  ['SIGHUP', 'hangup'],
  ['SIGILL', 'illegal instruction'],
  ['SIGINT', 'interrupt'],
  ['SIGKILL', 'killed'],
  ['SIGPIPE', 'broken pipe'],
  ['SIGQUIT', 'quit'],
  ['SIGSEGV', 'segmentation fault'],
  ['SIGTERM', 'terminated'],
  ['SIGTRAP', 'trace/breakpoint trap'],
  ['SIGUSR1', 'user defined signal 1'],
  ['SIGUSR2', 'user defined signal 2'],
]);

/** Go's text of a signal ("killed"); its name for the few others. */
export function signalText(signal: NodeJS.Signals): string {
  return signalTexts.get(signal) ?? signal;
}

const typeLetters: ReadonlyMap<number, string> = new Map([
  [0o04_0000, 'd'],
  [0o12_0000, 'L'],
  [0o06_0000, 'D'],
  [0o02_0000, 'Dc'],
  [0o01_0000, 'p'],
  [0o14_0000, 'S'],
]);

/** A stat's mode as Go prints it: like ls, but special bits are letters in front ("urwxr-xr-x" for setuid). */
export function modeText(mode: number): string {
  const type = typeLetters.get(mode & 0o17_0000) ?? '';
  const device = type === 'Dc';
  const special = [
    device ? 'D' : type,
    mode & 0o4000 ? 'u' : '',
    mode & 0o2000 ? 'g' : '',
    device ? 'c' : '',
    mode & 0o1000 ? 't' : '',
  ].join('');
  const bits = Array.from('rwxrwxrwx', (letter, i) => (mode & (0o400 >> i) ? letter : '-')).join('');
  return (special === '' ? '-' : special) + bits;
}

/** What stands where a file should be, for a message. */
export function kindOf(stat: Pick<Stats, 'isDirectory' | 'isFIFO' | 'isSocket'>): string {
  if (stat.isDirectory()) return 'a directory';
  if (stat.isFIFO()) return 'a named pipe';
  return stat.isSocket() ? 'a socket' : 'a device';
}

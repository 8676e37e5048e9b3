import { writeSync } from 'node:fs';

/**
 * Writes all of text to a file descriptor before it returns: opening process.stderr takes some milliseconds at a start,
 * and an exit must not cut a line. A closed pipe or a full disk must not end the agent: the error is returned.
 */
export function writeTo(fd: 1 | 2, text: string | Uint8Array): NodeJS.ErrnoException | null {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return error as NodeJS.ErrnoException;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1); // the pipe is full: wait for its reader
    }
  }
  return null;
}

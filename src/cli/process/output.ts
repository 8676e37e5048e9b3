import { writeSync } from 'node:fs';

/**
 * Writes all of text to a file descriptor before it returns. Opening process.stderr costs a cold start some
 * milliseconds, and an exit must not cut a line short. A reader that is gone or a full disk is not the agent's end:
 * it is given back as an error.
 */
export function writeTo(fd: 1 | 2, text: string | Uint8Array): NodeJS.ErrnoException | null {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return error as NodeJS.ErrnoException;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1); // the pipe is full: let its reader read
    }
  }
  return null;
}

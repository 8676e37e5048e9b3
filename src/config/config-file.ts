import { open, stat } from 'node:fs/promises';
import { errnoText } from '../go/os.ts';
import { ConfigError } from './error.ts';

/** A longer file is not a configuration file, and reading it would take long. */
const maxBytes = 4 * 1024 * 1024;

/**
 * Reads a file of up to 4 MiB. Throws ConfigError in Go's words (`open /x: permission denied`); its cause is Node's
 * error. Reading a pipe could block for ever; the pipes of the shell's <(...) are in /dev and have a writer.
 */
export async function readConfigFile(file: string): Promise<Uint8Array> {
  try {
    const found = await stat(file);
    if (!found.isFile() && !found.isDirectory() && !file.startsWith('/dev/')) {
      throw new ConfigError(`${file}: it is not a regular file`, file, null, { code: 'unreadable-file' });
    }
    return await readSome(file);
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const error = cause as NodeJS.ErrnoException;
    // Go opens a directory without an error, and fails when it reads it.
    const message = `${error.code === 'EISDIR' ? 'read' : 'open'} ${file}: ${errnoText(error)}`;
    throw new ConfigError(message, file, null, { cause, code: 'unreadable-file' });
  }
}

async function readSome(file: string): Promise<Uint8Array> {
  const handle = await open(file);
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of handle.createReadStream() as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > maxBytes) {
      throw new ConfigError(`${file}: it is longer than ${maxBytes} bytes`, file, null, { code: 'unreadable-file' });
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

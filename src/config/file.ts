import { readFile } from 'node:fs/promises';
import { errnoText } from '../go/os.ts';
import { ConfigError } from './error.ts';

/** The bytes of a file; throws ConfigError in Go's words (`open /x: permission denied`), its cause is Node's error. */
export async function readConfigFile(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    const error = cause as NodeJS.ErrnoException;
    // Go can open a directory and fails when it reads.
    const message = `${error.code === 'EISDIR' ? 'read' : 'open'} ${file}: ${errnoText(error)}`;
    throw new ConfigError(message, file, null, { cause });
  }
}

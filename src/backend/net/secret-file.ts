import { readFile } from 'node:fs/promises';
import { BackendError } from '../contract/backend.ts';

/** The text of a file that holds a secret, without the end of line that editors add. Throws BackendError for none. */
export async function readSecret(what: string, file: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new BackendError('settings', `cannot read the ${what} file: ${(cause as Error).message}`, { cause });
  }
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '') throw new BackendError('settings', `the ${what} file ${file} is empty`);
  return secret;
}

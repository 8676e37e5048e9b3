import { readFile } from 'node:fs/promises';
import { type StoreSettings, storeSettings } from '../../../backend/entries.ts';
import { fromText } from '../../../go/bytes.ts';
import { quote } from '../../../go/strconv.ts';

/** A shorter value is not masked: ordinary words may be the same by chance. */
const minLength = 3;
const mask = '***';
const maxSecretFileBytes = 64 * 1024;

/** The password in an address, such as postgres://app:hunter2@db/app. */
const addressPassword = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"'<>]*:)[^\s/@"'<>]+(?=@)/gi;

/** The secrets that must not be shown. All texts are byte strings. */
export class Masks {
  readonly #secrets: readonly string[];

  constructor(secrets: Iterable<string>) {
    const forms = [...secrets].filter((secret) => secret.trim().length >= minLength).flatMap(formsOf);
    // The longest first: one secret may be part of another.
    this.#secrets = [...new Set(forms)].sort((a, b) => b.length - a.length);
  }

  /** Replaces every secret in the text by ***; the number of lines stays the same. */
  apply(text: string): string {
    const masked = this.#secrets.reduce((before, secret) => before.replaceAll(secret, maskLines), text);
    return masked.replace(addressPassword, `$1${mask}`);
  }
}

/** The secret itself, and as template functions encode it. */
function formsOf(secret: string): string[] {
  const trimmed = secret.trim();
  const bytes = Buffer.from(trimmed, 'latin1');
  const encoded = [quote(trimmed).slice(1, -1), bytes.toString('base64'), encodeURIComponent(bytes.toString())];
  return [secret, trimmed, ...encoded];
}

function maskLines(secret: string): string {
  return secret.replace(/[^\r\n]+/g, mask);
}

/** One line of a diff: its sign and the text that is shown. */
export interface DiffLine {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
  /** True when part of the line is masked. */
  readonly isMasked: boolean;
  /** True for the last line of a text that does not end with a newline. */
  readonly isLast: boolean;
}

/**
 * Masks old lines that may hold an earlier secret, which is not known: an old line in the place of a new line with a
 * masked value is masked at the same position, or completely.
 */
export function maskOldSecrets(lines: readonly DiffLine[]): DiffLine[] {
  const patterns = lines
    .filter(({ sign, isMasked }) => sign === '+' && isMasked)
    .flatMap(({ text }) => patternOf(text));
  const result: DiffLine[] = [];
  for (let at = 0; at < lines.length;) {
    const start = at;
    while (at < lines.length && lines[at]!.sign !== ' ') at++;
    const block = lines.slice(start, at);
    const isSecret = block.some(({ sign, isMasked }) => sign === '+' && isMasked);
    for (const line of block) result.push(line.sign === '-' ? maskOld(line, patterns, isSecret) : line);
    if (at < lines.length) result.push(lines[at++]!);
  }
  return result;
}

function maskOld(line: DiffLine, patterns: readonly RegExp[], isSecret: boolean): DiffLine {
  for (const pattern of patterns) {
    const match = pattern.exec(line.text);
    if (match !== null) return { ...line, text: match.slice(1).join(mask), isMasked: true };
  }
  return isSecret && !line.isMasked && line.text.trim() !== '' ? { ...line, text: mask, isMasked: true } : line;
}

/** A pattern for a line with masked values, whatever the values are; none for a line that is completely masked. */
function patternOf(text: string): RegExp[] {
  const parts = text.split(mask);
  if (parts.join('').trim() === '') return [];
  const quoted = parts.map((part) => `(${part.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')})`);
  return [new RegExp(`^${quoted.join('.+?')}$`, 's')];
}

/** The secrets in the settings of a store: passwords and tokens, those in files, and those in addresses of nodes. */
export async function secretsOf(store: StoreSettings): Promise<string[]> {
  const values: Readonly<Record<string, unknown>> = store;
  const secrets: string[] = [];
  for (const [name, { secret }] of Object.entries(storeSettings)) {
    if (secret === true) secrets.push(textOf(values[name]), await contentOf(textOf(values[`${name}File`])));
  }
  for (const node of store.nodes) secrets.push(/:\/\/[^/@]*?:([^/]*)@/.exec(node)?.[1] ?? '');
  return secrets.filter((secret) => secret !== '').map(fromText);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A file that cannot be read has no content to mask. */
async function contentOf(path: string): Promise<string> {
  if (path === '') return '';
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.slice(0, maxSecretFileBytes).trim();
}

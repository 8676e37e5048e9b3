import { readFile } from 'node:fs/promises';
import { type StoreSettings, storeSettings } from '../../../backend/entries.ts';
import { fromText } from '../../../go/bytes.ts';
import { quote } from '../../../go/strconv.ts';

/** A shorter value cannot be told from a word that happens to be the same. */
const minLength = 3;
const mask = '***';
const maxSecretFileBytes = 64 * 1024;

/** The password in an address, as in postgres://app:hunter2@db/app. */
const addressPassword = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"'<>]*:)[^\s/@"'<>]+(?=@)/gi;

/** What must not be shown of some texts. All texts are byte strings. */
export class Masks {
  readonly #secrets: readonly string[];

  constructor(secrets: Iterable<string>) {
    const forms = [...secrets].filter((secret) => secret.trim().length >= minLength).flatMap(formsOf);
    // The longest first: one secret may be a part of another.
    this.#secrets = [...new Set(forms)].sort((a, b) => b.length - a.length);
  }

  /** The text with *** for every secret, in as many lines as before. */
  apply(text: string): string {
    const masked = this.#secrets.reduce((before, secret) => before.replaceAll(secret, maskLines), text);
    return masked.replace(addressPassword, `$1${mask}`);
  }
}

/** As it is, and as functions of templates write it. */
function formsOf(secret: string): string[] {
  const trimmed = secret.trim();
  const bytes = Buffer.from(trimmed, 'latin1');
  const encoded = [quote(trimmed).slice(1, -1), bytes.toString('base64'), encodeURIComponent(bytes.toString())];
  return [secret, trimmed, ...encoded];
}

function maskLines(secret: string): string {
  return secret.replace(/[^\r\n]+/g, mask);
}

/** One line of a diff: its sign, and what is shown of it. */
export interface DiffLine {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
  /** Whether something in it is masked. */
  readonly isMasked: boolean;
  /** Whether it is the last one of a text and has no end. */
  readonly isLast: boolean;
}

/**
 * Lines of a diff, where the old ones may hold a secret that is no longer known: one that stands where a new line has a
 * masked value is masked in the same place, or as a whole.
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

/** What a line with masked values looks like, whatever the values; none for one that is nothing else. */
function patternOf(text: string): RegExp[] {
  const parts = text.split(mask);
  if (parts.join('').trim() === '') return [];
  const quoted = parts.map((part) => `(${part.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')})`);
  return [new RegExp(`^${quoted.join('.+?')}$`, 's')];
}

/** The secrets of a store's settings: passwords and tokens, those in files of their own, and those in addresses of nodes. */
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

/** A file that cannot be read holds nothing that could be shown. */
async function contentOf(path: string): Promise<string> {
  if (path === '') return '';
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.slice(0, maxSecretFileBytes).trim();
}

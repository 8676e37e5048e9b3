import { formatFloat } from '../../go/strconv.ts';
import { BackendError } from '../contract/backend.ts';
import { parseJson } from '../net/json.ts';
import { invalid, Leaves } from './leaves.ts';
import { flattenYaml } from './yaml.ts';

/** The YAML parser needs forty times the size of the file in memory; JSON needs little more than the file. */
const maxYamlBytes = 64 * 1024 * 1024;

/**
 * Adds the leaves of a YAML 1.1 or JSON file to pairs, by key: names and list positions joined with slashes. Only the
 * first document of a file is read. BackendError names the file, and the line if it is known, but never content.
 */
export async function flatten(file: string, content: Buffer, pairs: Map<string, string>): Promise<void> {
  const text = decode(file, content);
  const leaves = new Leaves(file, pairs);
  if (/^\s*\{/.test(text) || (file.endsWith('.json') && text.trim() !== '')) {
    const value = attemptJson(Buffer.from(text, 'utf8').toString('latin1'));
    if (value !== undefined) {
      flattenJson(value, '', leaves, 0);
      return;
    }
  }
  if (content.length > maxYamlBytes)
    throw invalid(file, 0, `a YAML file cannot be longer than ${maxYamlBytes} bytes; use JSON`);
  await flattenYaml(file, text, leaves);
}

function decode(file: string, content: Buffer): string {
  try {
    const mark = content.subarray(0, 2).toString('latin1');
    const encoding = mark === '\xff\xfe' ? 'utf-16le' : mark === '\xfe\xff' ? 'utf-16be' : 'utf-8';
    return new TextDecoder(encoding, { fatal: true }).decode(content);
  } catch (cause) {
    throw new BackendError('protocol', `${file}: it is not UTF-8 text`, { cause });
  }
}

/** Parses JSON that is an object and whose numbers are short enough to be exact; everything else is parsed as YAML. */
function attemptJson(bytes: string): object | undefined {
  if (/[0-9]{16}/.test(bytes)) return undefined;
  try {
    const value = parseJson(bytes);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function flattenJson(value: unknown, key: string, leaves: Leaves, depth: number): void {
  leaves.count(depth);
  if (typeof value === 'string') leaves.set(key, value);
  else if (typeof value === 'number') leaves.set(key, formatFloat(value, 'f', -1, 64));
  else if (typeof value === 'boolean') leaves.set(key, String(value));
  else if (Array.isArray(value)) {
    value.forEach((item, index) => {
      flattenJson(item, `${key}/${index}`, leaves, depth + 1);
    });
  } else if (value !== null) {
    const object = value as Readonly<Record<string, unknown>>;
    for (const name of Object.keys(object)) flattenJson(object[name], `${key}/${name}`, leaves, depth + 1);
  }
}

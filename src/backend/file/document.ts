import { isUtf8 } from 'node:buffer';
import type { Alias, Document, Node, YAMLMap } from 'yaml';
import type * as Yamls from 'yaml';
import { fromText } from '../../go/bytes.ts';
import { clean } from '../../go/path.ts';
import { formatFloat } from '../../go/strconv.ts';
import { BackendError } from '../backend.ts';
import { parseJson } from '../json.ts';
import { resolveScalar } from './scalar.ts';

type Yaml = (typeof Yamls)['default'];

/** Nesting deeper than this can only be an alias that contains itself. */
const deepest = 1000;
const mostPairs = 2_000_000;
/** Reading YAML takes forty times its size in memory; JSON takes little more than itself. */
const mostYamlBytes = 64 * 1024 * 1024;

/**
 * Adds the leaves of a YAML 1.1 or JSON file to pairs, by key: names and list positions joined with slashes. Only the
 * first document of a file counts. BackendError names file and line, never content.
 */
export async function flatten(file: string, content: Buffer, pairs: Map<string, string>): Promise<void> {
  if (!isUtf8(content)) throw invalid(file, 0, 'it is not UTF-8 text');
  const start = content.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? 3 : 0;
  const bytes = content.toString('latin1', start);
  if (/^\s*\{/.test(bytes) || (file.endsWith('.json') && bytes.trim() !== '')) {
    const value = attemptJson(bytes);
    if (value !== undefined) {
      flattenJson(value, '', pairs);
      return;
    }
  }
  if (content.length > mostYamlBytes)
    throw invalid(file, 0, `it is YAML of more than ${mostYamlBytes} bytes; use JSON`);
  // A CommonJS package: what it exports is its default, and in a bundle nothing but that.
  const { default: yaml } = await import('yaml');
  new YamlReader(file, content.toString('utf8', start), yaml).flatten(pairs);
}

/** JSON that loses nothing here: an object, its numbers short enough to be exact. The rest is left to YAML. */
function attemptJson(bytes: string): object | undefined {
  if (/[0-9]{16}/.test(bytes)) return undefined;
  try {
    const value = parseJson(bytes);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function flattenJson(value: unknown, key: string, pairs: Map<string, string>): void {
  if (typeof value === 'string') pairs.set(clean(key), value);
  else if (typeof value === 'number') pairs.set(clean(key), formatFloat(value, 'f', -1, 64));
  else if (typeof value === 'boolean') pairs.set(clean(key), String(value));
  else if (value !== null)
    for (const [name, below] of Object.entries(value as object)) flattenJson(below, `${key}/${name}`, pairs);
}

class YamlReader {
  private readonly lines: Yamls.LineCounter;
  private readonly document: Document;
  private count = 0;

  constructor(
    private readonly file: string,
    text: string,
    private readonly yaml: Yaml,
  ) {
    this.lines = new yaml.LineCounter();
    // Scalars are resolved here, not by the library: confd's rules are those of an older YAML.
    const options = { schema: 'failsafe', version: '1.1', uniqueKeys: false, prettyErrors: false } as const;
    this.document = yaml.parseDocument(text, { ...options, lineCounter: this.lines });
  }

  flatten(pairs: Map<string, string>): void {
    const error = this.document.errors.find((each) => each.code !== 'MULTIPLE_DOCS');
    if (error !== undefined) throw invalid(this.file, this.lines.linePos(error.pos[0]).line, error.message);
    const top = this.document.contents;
    if (top === null || (this.yaml.isScalar(top) && resolveScalar(top.source ?? '') === undefined)) return;
    if (!this.yaml.isMap(top)) throw this.wrong(top, 'the top level must be a mapping');
    this.walk(top, '', pairs, 0);
  }

  private walk(node: Node | null, key: string, pairs: Map<string, string>, depth: number): void {
    const { yaml } = this;
    if (depth > deepest) throw this.wrong(node, 'an anchor contains itself');
    if (yaml.isAlias(node)) this.walk(this.target(node), key, pairs, depth + 1);
    else if (yaml.isMap(node)) {
      for (const [name, value] of this.entries(node, depth)) this.walk(value, `${key}/${name}`, pairs, depth + 1);
    } else if (yaml.isSeq(node)) {
      node.items.forEach((item, index) => {
        this.walk(item as Node | null, `${key}/${index}`, pairs, depth + 1);
      });
    } else if (yaml.isScalar(node)) {
      const value = this.scalar(node);
      if ((this.count += 1) > mostPairs) throw this.wrong(node, 'it is too large');
      if (value !== undefined) pairs.set(clean(key), value);
    }
  }

  /** A mapping's values by key (bytes), merged ones included; whatever comes later wins, as in confd. */
  private entries(map: YAMLMap, depth: number): Map<string, Node | null> {
    if (depth > deepest) throw this.wrong(map, 'an anchor contains itself');
    const entries = new Map<string, Node | null>();
    for (const { key, value } of map.items as { key: Node | null; value: Node | null }[]) {
      const name = this.yaml.isAlias(key) ? this.target(key) : key;
      if (name !== null && !this.yaml.isScalar(name)) throw this.wrong(name, 'a list or mapping cannot be a key');
      if (this.yaml.isScalar(name) && name.type === 'PLAIN' && name.source === '<<') this.merge(value, entries, depth);
      else entries.set(fromText(this.yaml.isScalar(name) ? String(name.value) : ''), value);
    }
    return entries;
  }

  private merge(value: Node | null, into: Map<string, Node | null>, depth: number): void {
    const source = this.yaml.isAlias(value) ? this.target(value) : value;
    if (this.yaml.isMap(source)) for (const [name, node] of this.entries(source, depth + 1)) into.set(name, node);
    else if (this.yaml.isSeq(source))
      source.items.toReversed().forEach((item) => {
        this.merge(item as Node, into, depth + 1);
      });
    else throw this.wrong(value, 'only mappings can be merged with <<');
  }

  private target(alias: Alias): Node {
    const node = alias.resolve(this.document);
    if (node === undefined) throw this.wrong(alias, 'the anchor of an alias is not defined before it');
    return node;
  }

  private scalar(node: Yamls.Scalar): string | undefined {
    const text = String(node.value);
    const tag = node.tag?.startsWith('tag:yaml.org,2002:') === true ? node.tag.slice(18) : undefined;
    if (tag === 'binary') return Buffer.from(text, 'base64').toString('latin1');
    if (tag === 'null') return undefined;
    if (tag === 'int' || tag === 'float' || tag === 'bool') return resolveScalar(text);
    return node.type === 'PLAIN' && node.tag === undefined ? resolveScalar(text) : fromText(text);
  }

  private wrong(node: Node | null, why: string): BackendError {
    return invalid(this.file, this.lines.linePos(node?.range?.[0] ?? 0).line, why);
  }
}

function invalid(file: string, line: number, why: string): BackendError {
  return new BackendError('protocol', `${file}${line > 0 ? `: line ${line}` : ''}: ${why}`);
}

import type { Alias, Document, Node, YAMLMap } from 'yaml';
import type * as Yamls from 'yaml';
import { fromText } from '../../go/bytes.ts';
import type { BackendError } from '../contract/backend.ts';
import type { Leaves } from './leaves.ts';
import { deepest, invalid, tooDeep } from './leaves.ts';
import { type Resolved, resolveScalar, resolveTagged } from './scalar.ts';
import { respace } from './spacing.ts';

type Yaml = (typeof Yamls)['default'];

/** The limit of yaml.v2. */
const maxAliased = 400_000;

/** Characters that yaml.v2 refuses anywhere in a file. */

const controls = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/;

/** Finds the leaves of the first document of a YAML 1.1 file, as Go's yaml.v2 and confd do. Throws BackendError. */
export async function flattenYaml(file: string, text: string, leaves: Leaves): Promise<void> {
  const control = controls.exec(text);
  if (control !== null)
    throw invalid(file, text.slice(0, control.index).split('\n').length, 'control characters are not allowed');
  // A CommonJS package: its exports are its default export, and in a bundle there is nothing else.
  const { default: yaml } = await import('yaml');
  new YamlReader(file, respace(text.replace(/\r\n?|\x85/g, '\n')), yaml).flatten(leaves);
}

/** The library meets deep nesting with the end of the stack, and reports that in several ways. */
function isStackOverflow({ message }: Error): boolean {
  return message.includes('call stack');
}

class YamlReader {
  private readonly lines: Yamls.LineCounter;
  private readonly document: Document;
  /** The node of each alias. */
  private readonly targets = new Map<Alias, Node>();
  private readonly anchors = new Map<string, Node>();
  /** The collections that contain the current node: an alias of one of them would never end. */
  private readonly open = new Set<Node>();
  private aliased = 0;
  private withinAlias = 0;

  constructor(
    private readonly file: string,
    text: string,
    private readonly yaml: Yaml,
  ) {
    this.lines = new yaml.LineCounter();
    // Scalars are resolved here, not by the library: confd's rules are those of an older YAML version.
    const options = { schema: 'failsafe', version: '1.1', uniqueKeys: false, prettyErrors: false } as const;
    try {
      this.document = yaml.parseDocument(text, { ...options, lineCounter: this.lines });
    } catch (error) {
      throw isStackOverflow(error as Error) ? invalid(file, 0, tooDeep) : error;
    }
  }

  flatten(leaves: Leaves): void {
    const top = this.document.contents;
    const error = this.document.errors.find((each) => each.code !== 'MULTIPLE_DOCS');
    if (error !== undefined) {
      const why = isStackOverflow(error) ? tooDeep : error.message;
      throw invalid(this.file, this.lines.linePos(error.pos[0]).line, why);
    }
    if (top === null || (this.yaml.isScalar(top) && this.resolve(top).type === 'null')) return;
    if (!this.yaml.isMap(top)) throw this.wrong(top, 'the top level must be a mapping');
    this.index(top, 0);
    this.walk(top, '', leaves, 0);
  }

  /** Records the node of each alias: the last node before it with the anchor. */
  private index(node: Node | null, depth: number): void {
    const { yaml } = this;
    if (depth > deepest) throw this.wrong(node, tooDeep);
    if (yaml.isAlias(node)) {
      const target = this.anchors.get(node.source);
      if (target === undefined) throw this.wrong(node, 'the anchor of an alias is not defined before it');
      this.targets.set(node, target);
      return;
    }
    if (node === null) return;
    const { anchor } = node as { anchor?: string };
    if (anchor !== undefined) this.anchors.set(anchor, node);
    if (yaml.isMap(node)) {
      for (const { key, value } of node.items as Entry[]) {
        this.index(key, depth + 1);
        this.index(value, depth + 1);
      }
    } else if (yaml.isSeq(node)) {
      for (const item of node.items as Node[]) this.index(item, depth + 1);
    }
  }

  private walk(node: Node | null, key: string, leaves: Leaves, depth: number): void {
    const { yaml } = this;
    this.count(node, leaves, depth);
    if (yaml.isAlias(node)) {
      this.withinAlias++;
      this.walk(this.target(node), key, leaves, depth + 1);
      this.withinAlias--;
    } else if (yaml.isMap(node)) {
      this.enter(node);
      const entries = new Map<string, Node | null>();
      this.collect(node, entries, leaves, depth);
      for (const [name, value] of entries) this.walk(value, `${key}/${name}`, leaves, depth + 1);
      this.open.delete(node);
    } else if (yaml.isSeq(node)) {
      this.enter(node);
      node.items.forEach((item, index) => {
        this.walk(item as Node | null, `${key}/${index}`, leaves, depth + 1);
      });
      this.open.delete(node);
    } else if (yaml.isScalar(node)) {
      const { value } = this.resolve(node);
      if (value !== undefined) leaves.set(key, value);
    }
  }

  private count(node: Node | null, leaves: Leaves, depth: number): void {
    leaves.count(depth, () => this.lineOf(node));
    if (this.withinAlias > 0 && ++this.aliased > maxAliased)
      throw this.wrong(node, `its aliases expand to more than ${maxAliased} values`);
  }

  private enter(node: Node): void {
    if (this.open.has(node)) throw this.wrong(node, 'an anchor contains itself');
    this.open.add(node);
  }

  /** Adds the values of a mapping by key (bytes), including merged ones; the last one wins, as in confd. */
  private collect(map: YAMLMap, entries: Map<string, Node | null>, leaves: Leaves, depth: number): void {
    for (const { key, value } of map.items as Entry[]) {
      const name = this.yaml.isAlias(key) ? this.target(key) : key;
      if (name === null) throw this.wrong(value ?? map, 'a key is missing');
      if (!this.yaml.isScalar(name)) throw this.wrong(name, 'a list or mapping cannot be a key');
      if (name.type === 'PLAIN' && name.source === '') throw this.wrong(name, 'a key is missing');
      if (isMerge(name)) this.merge(value, entries, leaves, depth);
      else entries.set(this.nameOf(name), value);
    }
  }

  private merge(value: Node | null, into: Map<string, Node | null>, leaves: Leaves, depth: number): void {
    const items = this.yaml.isSeq(value) ? (value.items.toReversed() as Node[]) : [value];
    this.withinAlias++;
    for (const item of items) {
      const source = this.yaml.isAlias(item) ? this.target(item) : item;
      if (!this.yaml.isMap(source)) throw this.wrong(value, 'only mappings can be merged with <<');
      for (let left = source.items.length; left >= 0; left--) this.count(source, leaves, depth + 1);
      if (this.yaml.isAlias(item)) this.enter(source);
      this.collect(source, into, leaves, depth + 1);
      this.open.delete(source);
    }
    this.withinAlias--;
  }

  private target(alias: Alias): Node {
    return this.targets.get(alias)!;
  }

  /** A key that is not a string would end Go's confd; here its text is the name. */
  private nameOf(key: Yamls.Scalar): string {
    return tagOf(key) === 'binary' ? (this.resolve(key).value ?? '') : fromText(String(key.value));
  }

  private resolve(node: Yamls.Scalar): Resolved {
    const text = String(node.value);
    const tag = tagOf(node);
    if (tag === 'binary') return { type: 'str', value: this.decodeBase64(node, text) };
    if (tag === 'null' || tag === 'int' || tag === 'float' || tag === 'bool') {
      return resolveTagged(tag, text) ?? this.refuse(node, `the value does not have the type of its tag ${tag}`);
    }
    if (node.type === 'PLAIN' && node.tag === undefined) return resolveScalar(text);
    return { type: 'str', value: fromText(text) };
  }

  private decodeBase64(node: Yamls.Scalar, text: string): string {
    const digits = text.replace(/[\r\n]/g, '');
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(digits))
      return this.refuse(node, 'the value tagged as binary is not base64');
    return Buffer.from(digits, 'base64').toString('latin1');
  }

  private refuse(node: Node, why: string): never {
    throw this.wrong(node, why);
  }

  private wrong(node: Node | null, why: string): BackendError {
    return invalid(this.file, this.lineOf(node), why);
  }

  private lineOf(node: Node | null): number {
    return this.lines.linePos(node?.range?.[0] ?? 0).line;
  }
}

interface Entry {
  readonly key: Node | null;
  readonly value: Node | null;
}

function tagOf({ tag }: Yamls.Scalar): string | undefined {
  return tag?.startsWith('tag:yaml.org,2002:') === true ? tag.slice(18) : undefined;
}

function isMerge(key: Yamls.Scalar): boolean {
  if (key.source !== '<<') return false;
  return tagOf(key) === 'merge' || (key.type === 'PLAIN' && key.tag === undefined);
}

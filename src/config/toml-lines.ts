/** The place of a key in a TOML file, and the beginning of its value. */
export interface Place {
  readonly line: number;
  /** Of the key or header, from 1. */
  readonly column: number;
  /** The value's text up to the end of that line. */
  readonly source: string;
}

/** A path of keys as the key of a Map. */
export function pathKey(path: readonly string[]): string {
  return JSON.stringify(path);
}

const token = /"""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|#[^\n]*|[[{\]}]|[^"'#[\]{}\n]+|\n|["']/g;
const namePart = String.raw`(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*')`;
const assignment = new RegExp(String.raw`^\s*(${namePart}(?:\s*\.\s*${namePart})*)\s*=\s*(.*)`);
const header = new RegExp(String.raw`^\s*\[{1,2}\s*(${namePart}(?:\s*\.\s*${namePart})*)\s*\]`);

/**
 * Finds the places of all keys and tables of a valid TOML text, except in inline tables. The first path with more than
 * mostNames names is cut after them and ends the search: such a file is refused anyway.
 */
export function findPlaces(text: string, mostNames: number): Map<string, Place> {
  const places = new Map<string, Place>();
  let table: string[] = [];
  for (const { line, source } of statements(text)) {
    const head = header.exec(source);
    const assigned = assignment.exec(source);
    if (head !== null) table = names(head[1]!);
    const path = assigned === null ? table : [...table, ...names(assigned[1]!)];
    const key = pathKey(path.slice(0, mostNames + 1));
    const column = source.length - source.trimStart().length + 1;
    if (assigned !== null) places.set(key, { line, column, source: assigned[2]! });
    else if (head !== null && !places.has(key)) places.set(key, { line, column, source: '' });
    if (path.length > mostNames) break;
  }
  return places;
}

/** The lines on which a statement begins: not those inside a multi-line string or an array. */
function statements(text: string): { line: number; source: string }[] {
  const lines = text.split('\n');
  const starts: number[] = [];
  let line = 0;
  let depth = 0;
  let isStart = true;
  for (const [piece] of text.matchAll(token)) {
    if (isStart && piece.trim() !== '') {
      starts.push(line);
      isStart = false;
    }
    if (piece === '[' || piece === '{') depth++;
    else if (piece === ']' || piece === '}') depth--;
    else if (piece === '\n') isStart = depth === 0;
    line += piece.split('\n').length - 1;
  }
  return starts.map((start) => ({ line: start + 1, source: lines[start]! }));
}

function names(path: string): string[] {
  return path.match(new RegExp(namePart, 'g'))!.map(unquoteName);
}

function unquoteName(name: string): string {
  if (name.startsWith("'")) return name.slice(1, -1);
  if (!name.startsWith('"')) return name;
  try {
    return JSON.parse(name) as string;
  } catch {
    return name.slice(1, -1); // \UXXXXXXXX and \e: only the line number of such a key is unknown
  }
}

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import ts from 'typescript';

// The house rules that a machine can hold: who may import whom, no rings, nothing exported for nobody, sizes.

const root = join(import.meta.dirname, '..');
const src = join(root, 'src');

/**
 * Which rooms (folders) a room may import, from what stands alone to what joins: each room imports rows above its own
 * only, and a parent its children, never the other way round. A name that ends in .ts is one file of a room.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  go: [],
  obs: [],
  'file-watch': ['obs'],
  // What a setting is: the backends declare theirs with it, and config reads them all.
  'config/schema': ['go'],
  'backend/contract': ['go', 'obs', 'config/schema'],
  mirror: ['go', 'backend/contract'],

  'template/engine': ['go'],
  'template/gotext': ['go', 'template/engine'],
  'template/handlebars': ['go', 'template/engine'],
  'template/funcs': ['go', 'mirror', 'template/engine', 'template/gotext'],
  'template/hints': ['go', 'mirror', 'template/engine', 'template/gotext', 'template/funcs'],
  template: ['go', 'template/engine', 'template/gotext', 'template/handlebars', 'template/funcs'],

  'backend/net': ['go', 'obs', 'config/schema', 'backend/contract'],
  'backend/consul': ['go', 'obs', 'config/schema', 'backend/contract', 'backend/net'],
  'backend/embedded': ['go', 'config/schema', 'backend/contract'],
  'backend/env': ['go', 'backend/contract', 'backend/net'],
  'backend/etcd': ['go', 'obs', 'config/schema', 'backend/contract', 'backend/net'],
  'backend/file': ['go', 'obs', 'config/schema', 'file-watch', 'backend/contract', 'backend/net'],
  'backend/redis': ['go', 'obs', 'config/schema', 'backend/contract', 'backend/net'],
  'backend/vault': ['go', 'obs', 'config/schema', 'backend/contract', 'backend/net'],
  backend: [
    ...['go', 'config/schema', 'backend/contract', 'backend/net', 'backend/consul', 'backend/embedded', 'backend/env'],
    ...['backend/etcd', 'backend/file', 'backend/redis', 'backend/vault'],
  ],
  config: ['go', 'config/schema', 'backend'],

  'agent/resource': ['go', 'obs', 'config', 'template/engine', 'template/gotext'],
  'agent/render': [
    ...['go', 'obs', 'mirror', 'config', 'backend/contract', 'template/engine', 'template/funcs', 'template/hints'],
    'agent/resource',
  ],
  'agent/source': ['go', 'obs', 'mirror', 'backend/contract'],
  'agent/pipeline': ['go', 'obs', 'template/engine', 'agent/resource', 'agent/render'],
  'agent/schedule': [
    ...['obs', 'file-watch', 'mirror', 'config', 'backend/contract', 'template', 'template/engine', 'template/funcs'],
    ...['agent/resource', 'agent/source', 'agent/render', 'agent/pipeline'],
  ],
  agent: [
    ...['obs', 'config', 'backend/contract', 'template', 'template/funcs'],
    ...['agent/resource', 'agent/render', 'agent/pipeline', 'agent/schedule'],
  ],

  services: [],
  lint: [
    ...['go', 'backend/contract', 'backend', 'config', 'template/engine', 'template/gotext', 'template/handlebars'],
    ...['template/funcs', 'template', 'agent/resource', 'agent/pipeline', 'services'],
  ],

  'minietcd/state': ['obs'],
  'minietcd/storage/wal': ['go', 'obs'],
  'minietcd/storage': ['go', 'obs', 'minietcd/state', 'minietcd/storage/wal'],
  'minietcd/http/net': ['go', 'obs', 'minietcd/state', 'minietcd/storage'],
  'minietcd/http/v2': ['go', 'minietcd/state', 'minietcd/http/net'],
  'minietcd/http/admin': ['go', 'minietcd/http/net'],
  'minietcd/http': ['minietcd/state', 'minietcd/http/net', 'minietcd/http/v2', 'minietcd/http/admin'],
  minietcd: [
    ...['obs', 'backend/contract', 'minietcd/state', 'minietcd/storage'],
    ...['minietcd/http/net', 'minietcd/http/admin', 'minietcd/http'],
  ],

  'cli/process': [],
  'cli/minietcd': [
    ...[
      'go',
      'obs',
      'config',
      'backend/contract',
      'backend/net',
      'minietcd',
      'minietcd/storage',
      'minietcd/storage/wal',
    ],
    ...['minietcd/http/net', 'minietcd/http/admin', 'cli/process'],
  ],
  'cli/confd/preview': [
    ...['go', 'obs', 'config', 'backend', 'template/engine', 'template/funcs'],
    ...['agent/resource', 'agent/render', 'agent/pipeline', 'agent', 'cli/process'],
  ],
  'cli/confd/commands': ['go', 'config/schema', 'backend', 'config', 'lint', 'cli/process', 'cli/confd/preview'],
  'cli/confd': [
    'agent/pipeline',
    ...['go', 'obs', 'config', 'backend/contract', 'backend', 'template/engine', 'template/funcs'],
    ...['agent/schedule', 'agent', 'minietcd', 'minietcd/http/net', 'minietcd/storage', 'minietcd/storage/wal'],
    ...['cli/process', 'cli/confd/preview', 'cli/confd/commands'],
  ],
  // The library: what stands in src/ itself.
  '.': [
    'agent/pipeline',
    ...['go', 'obs', 'config/schema', 'backend/contract', 'backend', 'template/engine', 'template/gotext', 'template'],
    ...['config', 'template/funcs', 'backend/file', 'agent/resource', 'agent/render', 'agent/schedule', 'agent'],
  ],
};

const budget = { fileLines: 500, functionLines: 60, parameters: 4, medianFile: 120, p90Function: 30 };
const larger: Readonly<Record<string, number>> = { 'go/fmt.ts': 700, 'template/gotext/parse.ts': 700 };

interface Source {
  readonly path: string; // relative to src
  readonly tree: ts.SourceFile;
  readonly imports: readonly { readonly to: string; readonly names: readonly string[] | '*' }[];
  readonly packages: readonly { readonly name: string; readonly lazy: boolean }[];
}

function walk(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? walk(path) : /\.ts$/.test(name) ? [path] : [];
  });
}

function parse(path: string): Source {
  const tree = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const imports: { to: string; names: string[] | '*' }[] = [];
  const packages: { name: string; lazy: boolean }[] = [];
  const add = (specifier: string, names: string[] | '*', lazy: boolean): void => {
    if (specifier.startsWith('.')) imports.push({ to: relative(src, join(dirname(path), specifier)), names });
    else if (!specifier.startsWith('node:')) packages.push({ name: specifier, lazy });
  };
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined) {
      add((node.moduleSpecifier as ts.StringLiteral).text, namesOf(node), isTypeOnly(node));
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add((node.arguments[0] as ts.StringLiteral).text, '*', true);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return { path: relative(src, path).split(sep).join('/'), tree, imports, packages };
}

function isTypeOnly(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  return /^(import|export)\s+type\b/.test(node.getText());
}

function namesOf(node: ts.ImportDeclaration | ts.ExportDeclaration): string[] | '*' {
  const clause = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : node.exportClause;
  if (clause === undefined || ts.isNamespaceImport(clause) || ts.isNamespaceExport(clause)) return '*';
  return clause.elements.map((element) => (element.propertyName ?? element.name).text);
}

const sources = walk(src).map(parse);
const room = (path: string): string => dirname(path);
const house = (path: string): string => path.split('/')[0]!;

describe('imports', () => {
  test.each(sources.map((s) => [s.path, s] as const))('%s imports only what its room may', (path, source) => {
    const wrong = source.imports
      .map(({ to }) => to)
      .filter((to) => room(to) !== room(path))
      .filter((to) => !(allowed[room(path)] ?? []).some((rule) => to === rule || room(to) === rule));
    expect(wrong).toEqual([]);
  });

  test('a room imports only rooms that stand above it in the table, a parent only its children', () => {
    const rooms = Object.keys(allowed);
    const upward = rooms.flatMap((from, i) =>
      allowed[from]!.filter((to) => !to.endsWith('.ts') && rooms.indexOf(to) >= i).map((to) => `${from} → ${to}`),
    );
    const toParent = rooms.flatMap((from) =>
      allowed[from]!.filter((to) => from.startsWith(`${to}/`)).map((to) => `${from} → ${to}`),
    );
    expect([...upward, ...toParent]).toEqual([]);
  });

  test('the table has no rows and no entries that nothing uses', () => {
    const used = new Set(sources.flatMap((s) => s.imports.map(({ to }) => `${room(s.path)} → ${room(to)}`)));
    const stale = Object.entries(allowed).flatMap(([from, row]) =>
      row.filter((to) => !used.has(`${from} → ${to.endsWith('.ts') ? room(to) : to}`)).map((to) => `${from} → ${to}`),
    );
    expect(stale).toEqual([]);
    expect(Object.keys(allowed).filter((name) => !sources.some((s) => room(s.path) === name))).toEqual([]);
  });

  test('there is no ring, type imports included', () => {
    const graph = new Map(sources.map((s) => [s.path, s.imports.map(({ to }) => to)]));
    const done = new Set<string>();
    const rings: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) rings.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      else if (!done.has(path)) {
        for (const to of graph.get(path) ?? []) visit(to, [...trail, path]);
        done.add(path);
      }
    };
    for (const path of graph.keys()) visit(path, []);
    expect(rings).toEqual([]);
  });

  test('heavy libraries are loaded on first use only', () => {
    const light = ['@iarna/toml'];
    const eager = sources.flatMap((s) =>
      s.packages.filter((p) => !p.lazy && !light.includes(p.name)).map((p) => `${s.path} imports ${p.name}`),
    );
    expect(eager).toEqual([]);
  });
});

describe('rooms keep to their trade', () => {
  const only: readonly (readonly [string, RegExp, readonly RegExp[]])[] = [
    ['the process and the console', /\bprocess\.(env|exit|on|once|argv|std\w+)\b|\bconsole\./, [/^cli\//, /^obs\//]],
    ['child processes', /['"](node:child_process|execa)['"]/, [/^agent\/resource\/command\.ts$/]],
    ['the clock', /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/, [/^cli\//, /^obs\//]],
  ];
  test.each(only)('%s', (_what, pattern, where) => {
    const wrong = sources
      .filter((s) => !where.some((place) => place.test(s.path)))
      .filter((s) => pattern.test(s.tree.text.replace(/\/\*[^]*?\*\/|\/\/.*/g, '')))
      .map((s) => s.path);
    expect(wrong).toEqual([]);
  });

  test('no barrels and no dumping grounds', () => {
    const bad = /(^|\/)(utils?|helpers?|common|misc|shared|manager|service|base)(\.ts|\/)/;
    expect(sources.map((s) => s.path).filter((p) => bad.test(p) || (/index\.ts$/.test(p) && p !== 'index.ts'))).toEqual(
      [],
    );
  });
});

describe('nothing is there for nobody', () => {
  test('every export is imported somewhere', () => {
    const users = [...sources, ...walk(join(root, 'test')).map(parse), ...walk(join(root, 'bench')).map(parse)];
    const used = new Set(
      users.flatMap((s) =>
        s.imports.flatMap(({ to, names }) => {
          const path = relative(src, join(src, to));
          return names === '*' ? [`${path}#*`] : names.map((name) => `${path}#${name}`);
        }),
      ),
    );
    const entries = new Set(['index.ts', 'cli/confd/main.ts', 'cli/minietcd/main.ts', 'cli/process/launch.ts']);
    const unused = sources
      .filter((s) => !entries.has(s.path) && !used.has(`${s.path}#*`))
      .flatMap((s) => exportsOf(s.tree).map((name) => `${s.path}#${name}`))
      .filter((name) => !used.has(name));
    expect(unused).toEqual([]);
  });

  test('every file has a test of its own, or is reached inside its room from one that has', () => {
    const tests = new Set(walk(join(root, 'test')).map((p) => relative(join(root, 'test'), p)));
    const byPath = new Map(sources.map((s) => [s.path, s]));
    const reached = new Set<string>();
    const reach = (path: string): void => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const { to } of byPath.get(path)?.imports ?? []) if (house(to) === house(path)) reach(to);
    };
    for (const { path } of sources) if (tests.has(path.replace(/\.ts$/, '.test.ts'))) reach(path);
    // The programs are tried as users do, by test/e2e.
    const untested = sources.filter((s) => house(s.path) !== 'cli' && hasBehaviour(s.tree) && !reached.has(s.path));
    expect(untested.map((s) => s.path)).toEqual([]);
  });
});

function exportsOf(tree: ts.SourceFile): string[] {
  return tree.statements.flatMap((statement) => {
    const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
    if (modifiers?.some((m) => m.kind === ts.SyntaxKind.ExportKeyword) !== true) return [];
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map((d) => (d.name as ts.Identifier).text);
    }
    const name = (statement as ts.DeclarationStatement).name;
    // A type that describes an exported function's argument or result is used without being named.
    if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) return [];
    return name === undefined ? [] : [(name as ts.Identifier).text];
  });
}

function hasBehaviour(tree: ts.SourceFile): boolean {
  return functionsOf(tree).length > 0;
}

interface Measured {
  readonly name: string;
  readonly lines: number;
  readonly parameters: number;
}

function functionsOf(tree: ts.SourceFile): Measured[] {
  const found: Measured[] = [];
  const visit = (node: ts.Node): void => {
    if ((ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node)) && node.body !== undefined) {
      const line = (at: number): number => tree.getLineAndCharacterOfPosition(at).line;
      found.push({
        name: node.name?.getText(tree) ?? 'anonymous',
        lines: line(node.end) - line(node.getStart(tree)) + 1,
        parameters: node.parameters.length,
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

const quantile = (numbers: readonly number[], q: number): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor((numbers.length - 1) * q)] ?? 0;

describe('size budget', () => {
  const lines = (s: Source): number => s.tree.text.split('\n').length - 1;
  test('files', () => {
    const long = sources
      .filter((s) => lines(s) > (larger[s.path] ?? budget.fileLines))
      .map((s) => `${s.path}: ${lines(s)} lines`);
    expect(long).toEqual([]);
    expect(quantile(sources.map(lines), 0.5)).toBeLessThanOrEqual(budget.medianFile);
  });

  test('functions', () => {
    const all = sources.flatMap((s) => functionsOf(s.tree).map((f) => ({ ...f, path: s.path })));
    const long = all.filter((f) => f.lines > budget.functionLines).map((f) => `${f.path} ${f.name}: ${f.lines} lines`);
    const wide = all
      .filter((f) => f.parameters > budget.parameters)
      .map((f) => `${f.path} ${f.name}: ${f.parameters} parameters`);
    expect([...long, ...wide]).toEqual([]);
    expect(
      quantile(
        all.map((f) => f.lines),
        0.9,
      ),
    ).toBeLessThanOrEqual(budget.p90Function);
  });

  test('tests mirror rooms', () => {
    const rooms = new Set(Object.keys(allowed).map(house));
    const extra = ['golden', 'helpers', 'contract', 'e2e', 'peers', 'faults'];
    const folders = readdirSync(join(root, 'test')).filter((n) => statSync(join(root, 'test', n)).isDirectory());
    expect(folders.filter((n) => !rooms.has(n) && !extra.includes(basename(n)))).toEqual([]);
  });
});

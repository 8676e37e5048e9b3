import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import ts from 'typescript';

// The house rules that a machine can hold: who may import whom, no rings, nothing exported for nobody, sizes.

const root = join(import.meta.dirname, '..');
const src = join(root, 'src');

/** Which rooms a room may import; a path with a slash names one file. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  cli: ['agent', 'backend', 'config', 'go', 'minietcd', 'mirror', 'obs', 'template', 'agent.ts'],
  agent: [
    ...['go', 'obs', 'mirror', 'template', 'watchfiles', 'config/resources.ts', 'config/sources.ts', 'config/store.ts'],
    ...['backend/backend.ts', 'backend/retry.ts'],
  ],
  template: ['go', 'mirror'],
  minietcd: ['go', 'obs', 'backend/backend.ts'],
  backend: ['go', 'obs', 'watchfiles'],
  config: ['go'],
  mirror: ['go', 'backend/backend.ts'],
  watchfiles: ['obs'],
  obs: [],
  go: [],
  'index.ts': ['agent', 'backend', 'config', 'go', 'mirror', 'obs', 'template'],
};

/** Inside a room: folders that never import each other. */
const apart: readonly (readonly [string, string])[] = [
  ['template/gotext', 'template/handlebars'],
  ['minietcd/store', 'minietcd/wal'],
  ['minietcd/http', 'minietcd/disk'],
  ['backend/etcd/', 'backend/file/'],
];

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
const room = (path: string): string => path.split('/')[0]!;

describe('imports', () => {
  test.each(sources.map((s) => [s.path, s] as const))('%s imports only what its room may', (path, source) => {
    const wrong = source.imports
      .map(({ to }) => to)
      .filter((to) => room(to) !== room(path))
      .filter((to) => !(allowed[room(path)] ?? []).some((rule) => to === rule || room(to) === rule));
    expect(wrong).toEqual([]);
  });

  test('folders that are kept apart do not meet', () => {
    const wrong = sources.flatMap((s) =>
      s.imports
        .filter(({ to }) =>
          apart.some(([a, b]) => [a, b].some((x, i) => s.path.startsWith(x) && to.startsWith([b, a][i]!))),
        )
        .map(({ to }) => `${s.path} → ${to}`),
    );
    expect(wrong).toEqual([]);
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
    ['child processes', /['"](node:child_process|execa)['"]/, [/^agent\/command\.ts$/]],
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
    const entries = new Set(['index.ts', 'cli/confd.ts', 'cli/minietcd.ts']);
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
      for (const { to } of byPath.get(path)?.imports ?? []) if (room(to) === room(path)) reach(to);
    };
    for (const { path } of sources) if (tests.has(path.replace(/\.ts$/, '.test.ts'))) reach(path);
    // The programs are tried as users do, by test/e2e.
    const untested = sources.filter((s) => room(s.path) !== 'cli' && hasBehaviour(s.tree) && !reached.has(s.path));
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
    const rooms = new Set(Object.keys(allowed));
    const extra = ['golden', 'helpers', 'contract', 'e2e', 'peers', 'faults'];
    const folders = readdirSync(join(root, 'test')).filter((n) => statSync(join(root, 'test', n)).isDirectory());
    expect(folders.filter((n) => !rooms.has(n) && !extra.includes(basename(n)))).toEqual([]);
  });
});

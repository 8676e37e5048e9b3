// The instrumented sources and the tests that are to kill their mutants, as one script.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Instrumenter } from '@stryker-mutator/instrumenter';
import { build } from 'esbuild';

export const root = join(import.meta.dirname, '../..');

/** The files below src or test that rooms (folders) and files name. */
export function filesOf(top, names, ending) {
  const found = names.flatMap((name) => {
    const path = join(root, top, name);
    if (statSync(path).isFile()) return [path];
    return readdirSync(path, { recursive: true }).map((file) => join(path, file));
  });
  return [...new Set(found)].filter((path) => path.endsWith(ending) && !path.endsWith('.d.ts')).sort();
}

/** The sources with every mutant behind a switch. The number of a mutant is its place in the list. */
export async function instrument(sources) {
  const logger = { debug() {}, info() {}, warn: console.warn, isDebugEnabled: () => false };
  const files = sources.map((name) => ({ name, mutate: true, content: readFileSync(name, 'utf8') }));
  const options = { plugins: null, excludedMutations: [], ignorers: [], noHeader: true };
  const result = await new Instrumenter(logger).instrument(files, options);
  const contents = new Map(result.files.map(({ name, content }) => [name, withSwitches(content)]));
  const texts = new Map(files.map(({ name, content }) => [name, content]));
  return { mutants: result.mutants.map((mutant) => ({ ...mutant, text: texts.get(mutant.fileName) })), contents };
}

/** Calls of the instrumenter's own helpers, which take texts and are slow, as questions to `mutation` (worker.mjs). */
function withSwitches(content) {
  return content
    .replaceAll(/stryMutAct_9fa48\("(\d+)"\)/g, '(mutation.active === $1 && mutation.hit())')
    .replaceAll(
      /stryCov_9fa48\(([^)]*)\)/g,
      (_, ids) => `(mutation.isCovering && mutation.cover(${ids.replaceAll('"', '')}))`,
    );
}

/** Writes a script that exports `files`: for each test file, what loads it. It needs require, module and mutation. */
export async function bundle(tests, contents, outfile) {
  const entry = tests.map((path) => `${JSON.stringify(path)}: () => require(${JSON.stringify(path)}),`);
  await build({
    stdin: { contents: `export const files = {${entry.join('\n')}};`, resolveDir: root },
    outfile,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    // Packages are loaded once and for all, by the one require.
    supported: { 'dynamic-import': false },
    define: { GIT_SHA: '""' },
    logLevel: 'error',
    plugins: [
      { name: 'mutants', setup: (build) => build.onLoad({ filter: /\.ts$/ }, ({ path }) => load(path, contents)) },
    ],
  });
}

function load(path, contents) {
  // One test over many rows is many tests here, so that a mutant meets only the rows that reach it.
  if (relative(root, path) === 'test/helpers/test-rows.ts')
    return { contents: `export { testRows } from '@jest/globals';` };
  const text = contents.get(path) ?? readFileSync(path, 'utf8');
  const bound = withCaches(text)
    .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
    .replaceAll('import.meta.filename', JSON.stringify(path))
    .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href));
  return { contents: bound, loader: 'ts' };
}

/** A map that its module clears is a cache: the worker empties it, so that no test lives on what another left there. */
function withCaches(text) {
  const names = new Set([...text.matchAll(/\b(\w+)\.clear\(\)/g)].map(([, name]) => name));
  return text.replaceAll(/^const (\w+) = (new Map<.*>\(\));$/gm, (line, name, map) =>
    names.has(name) ? `const ${name} = mutation.cache(${map});` : line,
  );
}

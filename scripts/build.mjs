// Bundles src/ and every library that it uses into dist/: an installed confd needs no other package. One graph a program,
// split so that a heavy library loads on first use only.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { thirdParty } from './build/licences.mjs';
import { parsedProto } from './build/proto.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const outdir = join(root, 'dist');

/** The commit that is built, or nothing outside a checkout. */
function gitSha() {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  } catch {
    return '';
  }
}

// dist/types stays: tsc writes it, in a step of its own.
for (const name of readdirSync(root).includes('dist') ? readdirSync(outdir) : [])
  if (name !== 'types') rmSync(join(outdir, name), { recursive: true });

/** Libraries where nothing goes by the names of functions; the rest keeps them, as stack traces and errors show them. */
const minified =
  /(?:^|\/)node_modules\/(?:@grpc\/grpc-js|@js-sdsl|@protobufjs|handlebars|lodash\.camelcase|long|neo-async|openpgp|protobufjs|re2js|source-map|yaml)\//;

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
};

/** Bundles one entry; what is imported on first use becomes a chunk of its own. Gives the texts by their paths. */
async function bundle(entryPoints, options) {
  const { metafile, outputFiles } = await build({
    ...common,
    entryPoints,
    splitting: true,
    plugins: [parsedProto],
    format: 'esm',
    define: { GIT_SHA: JSON.stringify(gitSha()) },
    legalComments: 'eof',
    metafile: true,
    write: false,
    ...options,
  });
  const files = new Map(outputFiles.map(({ path, text }) => [path, text]));
  for (const [name, output] of Object.entries(metafile.outputs)) {
    const inputs = Object.keys(output.inputs).filter((input) => output.inputs[input].bytesInOutput > 0);
    for (const input of inputs) bundled.add(input);
    if (inputs.length === 0 || !inputs.every((input) => minified.test(input))) continue;
    const path = join(root, name);
    const { code } = await transform(files.get(path), { format: 'esm', minify: true, legalComments: 'eof' });
    files.set(path, code);
  }
  return files;
}

/** A chunk as a CommonJS script: only such can be given V8's bytecode, and Node starts faster without its ESM loader. */
async function toScript(text) {
  const { code } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target: common.target,
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'eof',
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'moduleUrl' },
  });
  const url = 'const moduleUrl=require("node:url").pathToFileURL(__filename).href;';
  return text.includes('import.meta.url') ? url + code : code;
}

function write(files) {
  for (const [path, text] of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

// Each entry is built by itself: chunks shared between entries would be many and small, and a cold start would pay for
// each file.
const bundled = new Set();
const programs = { confd: 'src/cli/confd/main.ts', 'mini-etcd': 'src/cli/minietcd/main.ts' };
for (const [name, main] of Object.entries(programs)) {
  const files = await bundle({ main }, { outdir: join(outdir, name), outExtension: { '.js': '.cjs' } });
  for (const [path, text] of files) if (path.endsWith('.cjs')) files.set(path, await toScript(text));
  write(files);
  await build({
    ...common,
    entryPoints: ['src/cli/process/launch.ts'],
    outfile: join(outdir, `${name}.cjs`),
    format: 'cjs',
    define: { PROGRAM: JSON.stringify(name) },
  });
}

// The library stays ESM. Bundled CommonJS packages call require() for Node's own modules; createRequire would cost each
// chunk a part of a millisecond at the start.
const library = {
  outdir,
  chunkNames: 'index/[name]-[hash]',
  banner: { js: 'const require=process.getBuiltinModule;' },
};
write(await bundle({ index: 'src/index.ts' }, library));
writeFileSync(join(outdir, 'THIRD-PARTY.txt'), thirdParty(root, bundled));

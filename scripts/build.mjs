// Bundles src/ and every library that it uses into dist/: an installed confd needs no other package. One ESM graph a
// program, split so that a heavy library loads on first use only.
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
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

// Each entry is built by itself: chunks shared between entries would be many and small, and a cold start would pay for
// each file. Within an entry what is imported on first use becomes a chunk of its own.
const entries = { confd: 'src/cli/confd/main.ts', 'mini-etcd': 'src/cli/minietcd/main.ts', index: 'src/index.ts' };
const bundled = new Set();
for (const [name, path] of Object.entries(entries)) {
  const { metafile } = await build({
    entryPoints: { [name]: path },
    chunkNames: `${name}/[name]-[hash]`,
    absWorkingDir: root,
    outdir,
    bundle: true,
    splitting: true,
    plugins: [parsedProto],
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    define: { GIT_SHA: JSON.stringify(gitSha()) },
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'linked',
    metafile: true,
    // Bundled CommonJS packages call require() for Node's own modules. createRequire would cost each chunk a part of a
    // millisecond at the start.
    banner: { js: 'const require=process.getBuiltinModule;' },
    logLevel: 'warning',
  });
  for (const output of Object.values(metafile.outputs))
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) if (bytesInOutput > 0) bundled.add(input);
}
writeFileSync(join(outdir, 'THIRD-PARTY.txt'), thirdParty(root, bundled));

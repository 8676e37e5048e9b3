// Bundles src/ into dist/: one ESM graph, split so that a heavy library loads on first use only.
import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { build } from 'esbuild';

const outdir = new URL('../dist/', import.meta.url).pathname;
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

await rm(outdir, { recursive: true, force: true });
// Each entry is built by itself: chunks shared between entries would be many and small, and a cold start would pay for
// each file. Within an entry what is imported on first use becomes a chunk of its own.
const entries = { confd: 'src/cli/confd.ts', 'mini-etcd': 'src/cli/minietcd.ts', index: 'src/index.ts' };
for (const [name, path] of Object.entries(entries)) {
  await build({
    entryPoints: { [name]: path },
    chunkNames: `${name}/[name]-[hash]`,
    absWorkingDir: new URL('..', import.meta.url).pathname,
    outdir,
    bundle: true,
    splitting: true,
    // They read .proto files beside themselves when they are loaded, so they stay where they are.
    external: ['etcd3', '@grpc/grpc-js'],
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    define: { GIT_SHA: JSON.stringify(gitSha()) },
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'linked',
    // Bundled CommonJS packages call require() for Node's own modules.
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
    logLevel: 'warning',
  });
}

// npm run fuzz:templates -- --seconds 600 [--seed 7]   compares random templates with real Go
// npm run fuzz:templates -- --bytes 10000000           feeds random bytes to our engine alone
import { build } from 'esbuild';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { seconds: { type: 'string' }, seed: { type: 'string' }, bytes: { type: 'string' } },
});
const scratch = await mkdtemp(join(tmpdir(), 'fuzz-templates-'));
const outfile = join(scratch, 'fuzz.mjs');
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
await build({
  entryPoints: [here('main.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'error',
});
const { fuzzBytes, fuzzTemplates } = await import(pathToFileURL(outfile).href);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
try {
  if (values.bytes !== undefined) process.exitCode = fuzzBytes({ bytes: Number(values.bytes), seed });
  else {
    const oracle = { source: here('oracle'), program: join(scratch, 'oracle') };
    process.exitCode = await fuzzTemplates({ seconds: Number(values.seconds ?? 60), seed, oracle });
  }
} finally {
  await rm(scratch, { recursive: true });
}

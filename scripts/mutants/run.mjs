// Mutation testing: npm run mutants -- <rooms or files of src>; docs/mutation.md tells more.
//
// Every mutant is compiled in behind a switch, together with the jest tests of the rooms, into one script. A child
// process runs each test (of a table each row) once to see which mutants it reaches, and then, for each mutant, only
// those, until one fails. The state of the script is made anew for each mutant.
import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle, filesOf, instrument } from './bundle.mjs';
import { entry, isSurvivor, summary } from './report.mjs';
import { Runner } from './runner.mjs';

const usage = `usage: npm run mutants -- <rooms or files of src, such as go template/gotext/lex.ts>
  --tests go,template   rooms or files of test whose tests are to notice (without: those of the same rooms)
  --budget 8000         milliseconds of tests for one mutant, the likeliest to notice first
  --limit n             only n mutants, evenly chosen
  --again file          only the survivors that the file lists
  --out file            where the survivors are listed (without: in a temporary folder)`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tests: { type: 'string' },
    budget: { type: 'string', default: '8000' },
    limit: { type: 'string', default: 'Infinity' },
    again: { type: 'string' },
    out: { type: 'string' },
  },
});
if (positionals.length === 0) {
  console.error(usage);
  process.exit(2);
}

const sources = filesOf('src', positionals, '.ts');
const rooms = values.tests?.split(',') ?? positionals.map((name) => name.replace(/\/[^/]*\.ts$/, ''));
const tests = filesOf('test', rooms, '.test.ts');
const folder = mkdtempSync(join(tmpdir(), 'mutants-'));
const out = values.out ?? join(folder, 'survivors.txt');

const { mutants, contents } = await instrument(sources);
const script = join(folder, 'tests.cjs');
await bundle(tests, contents, script);
console.log(`${mutants.length} mutants in ${sources.length} files; ${tests.length} test files`);

const runner = new Runner(script, tests, { mutantCount: mutants.length, budgetMs: Number(values.budget) });
const units = await runner.cover();
console.log(`${units} tests and rows pass without a mutant`);

const survived = values.again === undefined ? null : new Set(readFileSync(values.again, 'utf8').split('\n\n'));
const candidates = mutants.filter((mutant) => survived === null || survived.has(entry(mutant)));
const step = Math.max(1, candidates.length / Number(values.limit));
const chosen = candidates.filter((_, i) => Math.floor((i + 1) / step) > Math.floor(i / step));
const began = Date.now();
writeFileSync(out, '');
for (const [i, mutant] of chosen.entries()) {
  Object.assign(mutant, await runner.run(mutant));
  // At once, so that a run that is stopped has told what it found.
  if (isSurvivor(mutant)) appendFileSync(out, `${entry(mutant)}\n\n`);
  if ((i + 1) % 50 === 0) {
    console.log(`${i + 1} of ${chosen.length} after ${Math.round((Date.now() - began) / 1000)} s`);
  }
}
runner.stop();
console.log(summary(chosen));
console.log(`survivors: ${out}`);

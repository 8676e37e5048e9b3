import { quote } from '../src/go/strconv.ts';
import { runOurs, showsAddress } from './case.ts';
import type { Case, Result } from './case.ts';
import { Grammar } from './grammar.ts';
import { buildOracle, Oracle } from './oracle.ts';
import { Random } from './random.ts';
import { shrink } from './shrink.ts';

export { fuzzBytes } from './bytes.ts';

const batchSize = 4000;
const mostFindings = 200;
const mostOfKind = 4;

interface Counts {
  templates: number;
  errors: number;
  skipped: number;
  addresses: number;
  findings: number;
}

/** Compares random templates with Go until the time is over; gives the exit code. */
export async function fuzzTemplates(task: {
  readonly seconds: number;
  readonly seed: number;
  readonly oracle: { readonly source: string; readonly program: string };
}): Promise<number> {
  if (!buildOracle(task.oracle.source, task.oracle.program)) {
    console.error('fuzz:templates needs Go: there is no program named go on the PATH');
    return 1;
  }
  console.log(`seed ${task.seed}`);
  const grammar = new Grammar(new Random(task.seed));
  const oracle = new Oracle(task.oracle.program);
  const counts: Counts = { templates: 0, errors: 0, skipped: 0, addresses: 0, findings: 0 };
  const found = new Map<string, number>();
  const start = Date.now();
  const seconds = () => (Date.now() - start) / 1000;
  let batch = generate(grammar);
  let asked = oracle.ask(batch);
  while (counts.findings < mostFindings) {
    const answers = await asked;
    const isLast = seconds() >= task.seconds;
    const next = generate(grammar);
    // Go works on the next batch while we work on this one.
    if (!isLast) asked = oracle.ask(next);
    const different = compare(batch, answers, counts);
    if (different.length > 0) {
      if (!isLast) await asked;
      for (const one of different.slice(0, mostFindings - counts.findings))
        await report(oracle, one, { counts, found });
    }
    if (isLast) break;
    batch = next;
  }
  oracle.stop();
  const rate = Math.round(counts.templates / seconds());
  console.log(
    `${counts.templates} templates in ${Math.round(seconds())} s (${rate}/s): ${counts.errors} ended in an error, ` +
      `${counts.skipped} skipped (endless or panics in Go), ${counts.addresses} showed an address`,
  );
  console.log(
    `${counts.findings} differences${found.size < counts.findings ? `, ${found.size} of them distinct` : ''}`,
  );
  return counts.findings === 0 ? 0 : 1;
}

const generate = (grammar: Grammar) => Array.from({ length: batchSize }, () => grammar.make());

const isSame = (a: Result, b: Result) => a.out === b.out && a.error === b.error;

function compare(batch: readonly Case[], answers: readonly (Result | null)[], counts: Counts): Case[] {
  return batch.filter((one, i) => {
    const theirs = answers[i] ?? null;
    counts.templates++;
    if (theirs === null) {
      counts.skipped++;
      return false;
    }
    if (theirs.error !== '') counts.errors++;
    const ours = runOurs(one);
    if (isSame(ours, theirs)) return false;
    if (!showsAddress(one, ours)) return true;
    counts.addresses++;
    return false;
  });
}

/** Prints a difference, made as small as it gets, as a row for test/golden/templatecases.go. */
async function report(oracle: Oracle, one: Case, log: { counts: Counts; found: Map<string, number> }): Promise<void> {
  log.counts.findings++;
  const kind = await kindOf(oracle, one);
  const times = log.found.get(kind) ?? 0;
  log.found.set(kind, times + 1);
  if (times >= mostOfKind) return;
  const least = await shrink(one, async (candidates) => {
    const answers = await oracle.ask(candidates);
    return candidates.findIndex((candidate, i) => {
      const theirs = answers[i] ?? null;
      if (theirs === null) return false;
      const ours = runOurs(candidate);
      return !isSame(ours, theirs) && !showsAddress(candidate, ours);
    });
  });
  const [theirs] = await oracle.ask([least]);
  const options = [
    least.m === 'default' ? '' : `, Missing: ${quote(least.m)}`,
    least.l === '' && least.r === '' ? '' : `, Left: ${quote(least.l)}, Right: ${quote(least.r)}`,
  ].join('');
  console.log(options === '' ? `\n\t${quote(least.t)},` : `\n\t{Template: ${quote(least.t)}${options}},`);
  console.log(`\t\tGo:   ${JSON.stringify(theirs)}\n\t\tours: ${JSON.stringify(runOurs(least))}`);
}

/** The two errors without their particulars: one mistake of ours shows in many templates. */
async function kindOf(oracle: Oracle, one: Case): Promise<string> {
  const [theirs] = await oracle.ask([one]);
  const general = (error: string) =>
    error
      .replace(/^.*?>: /, '')
      .replace(/"[^"]*"|\d+/g, '_')
      .slice(0, 40);
  return `${general(theirs?.error ?? '')}\n${general(runOurs(one).error)}`;
}

import { TemplateError } from '../src/template/engine/engine.ts';
import type { Template } from '../src/template/engine/engine.ts';
import { compileTemplate } from '../src/template/gotext/template.ts';
import { templateFuncs } from '../test/helpers/template-funcs.ts';
import { Grammar } from './grammar.ts';
import { Random } from './random.ts';
import { scramble } from './shrink.ts';

/** Feeds random texts to the engine until they make so many bytes; gives the exit code. */
export function fuzzBytes({ bytes, seed }: { readonly bytes: number; readonly seed: number }): number {
  console.log(`seed ${seed}`);
  const random = new Random(seed);
  const makers = [anyBytes, marked, (of: Random) => scramble(new Grammar(of).make().t, of)];
  const counts = { texts: 0, parsed: 0, rendered: 0, crashes: 0, slowest: 0 };
  for (let fed = 0; fed < bytes && counts.crashes < 10;) {
    const text = random.pick(makers)(random);
    fed += text.length;
    counts.texts++;
    const start = performance.now();
    try {
      const template = compileTemplate('x', text, { funcs: templateFuncs });
      counts.parsed++;
      render(template);
      counts.rendered++;
    } catch (error) {
      if (!(error instanceof TemplateError)) {
        counts.crashes++;
        console.log(JSON.stringify(text), error);
      }
    }
    counts.slowest = Math.max(counts.slowest, performance.now() - start);
  }
  const { texts, parsed, rendered, crashes, slowest } = counts;
  console.log(
    `${bytes} bytes in ${texts} texts: ${parsed} parsed, ${rendered} rendered, slowest ${Math.round(slowest)} ms`,
  );
  console.log(`${crashes} uncaught exceptions`);
  return crashes === 0 ? 0 : 1;
}

/** Renders until it is done, or until it has done enough to be taken for endless. */
function render(template: Template): void {
  let turns = 0;
  let written = 0;
  const stop = (isEnough: boolean) => {
    if (isEnough) throw new TemplateError('enough');
  };
  template.render(
    undefined,
    templateFuncs,
    (chunk) => {
      stop((written += chunk.length) > 1e6);
    },
    () => {
      stop(++turns > 20);
    },
  );
}

function anyBytes(random: Random): string {
  return String.fromCharCode(...random.some(400, () => random.below(256)));
}

/** Bytes inside actions: what stands outside of them is only text. */
function marked(random: Random): string {
  const printable = random.once(2);
  const inner = () =>
    String.fromCharCode(...random.some(30, () => (printable ? 32 + random.below(95) : random.below(256))));
  return random.some(8, () => `${inner()}{{${inner()}}}`).join('');
}

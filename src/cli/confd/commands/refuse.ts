import { entryOf } from '../../../backend/entries.ts';
import { listed } from '../../../go/count.ts';
import { FlagError } from '../../../go/flag.ts';
import { nearest } from '../../../go/nearest.ts';
import { writeTo } from '../../process/output.ts';
import type { Command } from './command.ts';

/** Answers a command line that Go's flag package would not take, with its words; the exit code. Throws what is another error. */
export function refuseFlags(call: string, error: unknown, usage: () => string): number {
  if (!(error instanceof FlagError)) throw error;
  if (error.code === 'help') {
    writeTo(2, usage());
    return 0;
  }
  const hint = error.near === null ? '' : `; did you mean -${error.near}?`;
  writeTo(2, `${error.message}${hint}\n"${call} -h" lists the flags\n`);
  return 2;
}

/** A first word that is no command: Go's confd ignores it and all flags behind it, which nobody means. The exit code. */
export function refuseCommand(program: string, word: string, commands: readonly Command[]): number {
  const names = commands.map(({ name }) => name);
  const near = nearest(word, names);
  const hint = isOffered(word)
    ? `did you mean -backend ${word}?`
    : near === null
      ? `the commands are ${listed(names, 'and')}; without one, flags run the agent ("${program} -h" lists them)`
      : `did you mean "${program} ${near}"?`;
  writeTo(2, `${program}: there is no command "${word}"; ${hint}\n`);
  return 2;
}

/** Whether the word is a store of this release. */
function isOffered(word: string): boolean {
  return word !== '' && (entryOf(word)?.kind ?? 'missing') !== 'missing';
}

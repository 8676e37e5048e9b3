import { entryOf } from '../../../backend/entries.ts';
import { listed } from '../../../go/count.ts';
import { FlagError } from '../../../go/flag.ts';
import { nearest } from '../../../go/nearest.ts';
import { writeTo } from '../../process/output.ts';
import type { Command } from './command.ts';

/**
 * Prints why Go's flag package would refuse the command line, in its words; returns the exit code. Throws other errors.
 */
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

/**
 * Refuses a first word that is not a command: Go's confd ignores it and all flags after it, which is never intended.
 * Returns the exit code.
 */
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

/** Whether the word is the name of a store of this release. */
function isOffered(word: string): boolean {
  return word !== '' && (entryOf(word)?.kind ?? 'missing') !== 'missing';
}

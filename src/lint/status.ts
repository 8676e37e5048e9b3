import { callOf, type ShellText } from './shell.ts';

const says = new Set(['echo', 'printf', 'logger']);
const passesOn = new Set(['tee', 'cat', 'logger']);

/** How the exit code of a command's work is lost; null where it is not, or where that cannot be seen. */
export function lostStatus({ commands, isCompound }: ShellText, text: string): string | null {
  const last = commands.at(-1);
  const call = last === undefined ? null : callOf(last);
  if (last === undefined || call === null || isCompound) return null;
  if (last.inBackground) return 'what ends with & runs in the background: its exit code is lost';
  const { program, args } = call;
  const isAlwaysZero = program === 'true' || program === ':' || (program === 'exit' && args[0] === '0');
  const shown = program === 'exit' ? 'exit 0' : program;
  if (isAlwaysZero || says.has(program)) {
    if (last.before === '||') return `"|| ${shown}" turns every failure into exit code 0`;
    const endsAnyway = (last.before === ';' || last.before === '\n') && !/\bset -\w*e/.test(text);
    if (endsAnyway) return `"${shown}" at the end turns every failure into exit code 0`;
  }
  const isPiped = last.before === '|' || last.before === '|&';
  if (isPiped && passesOn.has(program) && !text.includes('pipefail'))
    return `the exit code is that of "${program}" at the end of the pipe`;
  return null;
}

import { basename } from 'node:path';
import { oldSettings, settings } from '../../config/flags.ts';
import { parseFlags, type ParsedFlags } from '../../go/flag.ts';
import { writeTo } from '../process/output.ts';
import { versionLine } from '../process/version.ts';

/** Runs confd; resolves to its exit code. */
async function main(program: string, args: readonly string[], env: ReadonlyMap<string, string>): Promise<number> {
  const [first] = args;
  if (first !== undefined && !/^-./.test(first)) {
    const { runCommand } = await import('./commands/dispatch.ts');
    return runCommand(program, args, env);
  }
  if (first === '--get-yargs-completions') {
    const { complete } = await import('./commands/dispatch.ts');
    return complete(program, args.slice(1));
  }
  let flags: ParsedFlags;
  try {
    flags = parseFlags(args, [...settings, ...oldSettings]);
  } catch (error) {
    const { refuseFlags } = await import('./commands/refuse.ts');
    const { usage } = await import('./commands/usage.ts');
    return refuseFlags(program, error, () => usage(program));
  }
  if (flags.set.get('version') === true) {
    writeTo(1, versionLine(process.version));
    return 0;
  }
  const { configure } = await import('./configure.ts');
  return configure(program, flags, env);
}

const environment = new Map(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));
// An exit at once: nothing that a library left open may keep a finished agent alive.
process.exit(await main(basename(process.argv[1] ?? 'confd'), process.argv.slice(2), environment));

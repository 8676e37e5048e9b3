import { basename } from 'node:path';
import { writeTo } from '../process/output.ts';
import { versionLine } from '../process/version.ts';

/** Runs confd; resolves to its exit code. */
async function main(program: string, args: readonly string[], env: ReadonlyMap<string, string>): Promise<number> {
  const [first] = args;
  if (first !== undefined && !/^-./.test(first)) {
    const { runCommand } = await import('./commands/dispatch.ts');
    return runCommand(program, args, env, () => import('./configure.ts'));
  }
  if (first === '--get-yargs-completions') {
    const { complete } = await import('./commands/dispatch.ts');
    return complete(program, args.slice(1));
  }
  // -version alone, as used when images and packages are built, needs no settings.
  if (args.length === 1 && /^--?version$/.test(args[0]!)) {
    writeTo(1, versionLine(process.version));
    return 0;
  }
  const { configure } = await import('./configure.ts');
  return configure(program, args, env);
}

const environment = new Map(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));
// Exits at once: resources that a library left open must not keep the process alive.
void main(basename(process.argv[1] ?? 'confd'), process.argv.slice(2), environment).then((code) => process.exit(code));

import { isatty } from 'node:tty';
import { writeTo } from '../../process/output.ts';
import { version } from '../../process/version.ts';
import type { ReportForm } from '../../../lint/run.ts';
import type { Command, CommandLine } from './command.ts';

const formats = ['text', 'json', 'sarif'] as const;

/** `confd lint`. */
export const lint: Command = {
  name: 'lint',
  summary: 'check settings, resources and templates, without a store; exit 0 no errors, 1 errors, 2 cannot check',
  operands: '[DIR]',
  flags: [
    {
      name: 'format',
      kind: 'string',
      default: 'text',
      usage: 'form of the report: text, json or sarif',
      choices: formats,
    },
    { name: 'strict', kind: 'bool', default: false, usage: 'exit with 1 for warnings, too' },
  ],
  takesSettings: true,
  run: async (line) => {
    const format = formats.find((each) => each === (line.flags.get('format') ?? 'text'));
    if (format === undefined) return refuse(line, '-format must be text, json or sarif');
    const [folder = null] = line.operands;
    if (folder === '') return refuse(line, 'DIR is empty');
    if (folder !== null && line.flags.has('confdir')) return refuse(line, 'give DIR or -confdir, not both');
    return report(line, folder, format);
  },
};

async function report(line: CommandLine, folder: string | null, format: ReportForm['format']): Promise<number> {
  const { runLint } = await import('../../../lint/run.ts');
  const { flags: all, env } = line;
  const flags = new Map([...all].filter(([name]) => name !== 'format' && name !== 'strict'));
  const result = await runLint(
    { folder, flags, env },
    {
      format,
      hasColours: isatty(1) && (env.get('NO_COLOR') ?? '') === '',
      isStrict: all.get('strict') === true,
      version,
      folder: process.cwd(),
    },
  );
  if ('refused' in result) return refuse(line, result.refused);
  writeTo(1, result.report);
  return result.exitCode;
}

function refuse({ program }: CommandLine, why: string): number {
  writeTo(2, `${program} lint: ${why}\n`);
  return 2;
}

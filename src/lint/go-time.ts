import type { CommandNode, OperandNode, PipeNode } from '../template/gotext/node.ts';

/** What of a time stays the same from one pass to the next, mostly. */
const slow: ReadonlySet<string> = new Set([
  ...['Year', 'Month', 'Day', 'Weekday', 'YearDay', 'ISOWeek', 'Date', 'Hour', 'Location', 'Zone', 'IsZero'],
  ...['Before', 'After', 'Equal', 'Compare', 'IsDST'],
]);
/** Functions that make of a time what is not the time. */
const deciding: ReadonlySet<string> = new Set(['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'not', 'and', 'or', 'len', 'index']);

/** Whether a pipeline gives the time to the minute or finer; clocks are the variables that hold it. */
export function printsTime({ commands }: PipeNode, clocks: ReadonlySet<string>): boolean {
  return commands.reduce((isTime, command) => ofCommand(command, clocks) ?? (isTime && !decides(command)), false);
}

function decides({ args: [head] }: CommandNode): boolean {
  return head.kind === 'identifier' && deciding.has(head.name);
}

/** Null where the command makes of what comes to it what it makes of anything. */
function ofCommand(command: CommandNode, clocks: ReadonlySet<string>): boolean | null {
  const [head, ...args] = command.args;
  if (head.kind === 'identifier' && head.name !== 'datetime') {
    if (decides(command)) return false;
    return args.some((arg) => ofOperand(arg, clocks)) || null;
  }
  const layout = args[0];
  if (methodOf(head) === 'Format' && layout?.kind === 'string')
    return ofOperand(head, clocks) && hasMinutes(layout.text);
  return ofOperand(head, clocks) || null;
}

function ofOperand(node: OperandNode, clocks: ReadonlySet<string>): boolean {
  const method = methodOf(node);
  if (method !== null && slow.has(method)) return false;
  switch (node.kind) {
    case 'identifier':
      return node.name === 'datetime';
    case 'variable':
      return clocks.has(node.name);
    case 'chain':
      return ofOperand(node.head, clocks);
    case 'pipe':
      return printsTime(node, clocks);
    default:
      return false;
  }
}

function methodOf(node: OperandNode): string | null {
  return node.kind === 'chain' || node.kind === 'variable'
    ? (node.fields.find((name) => slow.has(name)) ?? node.fields.at(-1) ?? null)
    : null;
}

/** Whether Go's layout shows minutes or seconds, which it calls 4 and 5; 15 is the hour. */
function hasMinutes(layout: string): boolean {
  return /[45]/.test(layout.replaceAll('15', ''));
}

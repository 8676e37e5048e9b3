import type { FlagSpec } from '../../../go/flag.ts';

/** Keys from files in place of every store. */
export const dataFlag: FlagSpec = Object.freeze({
  name: 'data',
  kind: 'list',
  default: [],
  usage: 'take the keys from this YAML or JSON `file`, and ask no store (may be repeated)',
});

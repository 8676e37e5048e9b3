import { type Rule, selected, startOf } from '../backend/contract/backend.ts';
import type { KeyRequest } from '../agent/resource/resource.ts';
import { join, literalPrefix } from '../go/path.ts';
import { type Lookup, lookupKinds } from './template-facts.ts';

/** What a resource asks a store for, and how that store's names are selected. */
export interface Selection {
  readonly request: KeyRequest;
  readonly rule: Rule;
}

/** Whether nothing that the resource asks its stores for can be what the template looks up. */
export function isOutside({ func, key }: Lookup, selections: readonly Selection[]): boolean {
  const kind = lookupKinds.get(func);
  return !selections.some(({ request: { prefix, keys }, rule }) => {
    const absolute = join(prefix, key);
    const name = startOf(kind === 'pattern' ? literalPrefix(absolute) : absolute, rule);
    return keys.some((wanted) => {
      // A pattern, and the listing of a folder, may show what lies deeper.
      const reaches = kind !== 'key' && startOf(wanted, rule).startsWith(name);
      return reaches || selected(name, wanted, rule);
    });
  });
}

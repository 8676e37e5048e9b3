import type { ResourceSpec } from '../../config/resources.ts';
import { counted } from '../../go/count.ts';

/** Why dest is not updated, for the operator. */
export interface TooFewKeys {
  readonly kept: string;
}

/** The reason why a resource with so few keys is not rendered, or null. */
export function tooFewKeys(keys: number, { dest, file, minKeys, allowEmpty }: ResourceSpec): TooFewKeys | null {
  const because = (fact: string) => ({ kept: `Target config ${dest} not updated: ${fact} (${file})` });
  if (keys < minKeys) return because(`${counted(keys, 'key')} found for it, but min_keys is ${minKeys}`);
  if (keys === 0 && !allowEmpty) return because('no keys found for it, but allow_empty is false');
  return null;
}

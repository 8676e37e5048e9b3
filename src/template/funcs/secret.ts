import { func, GoError, StringsType, StringType } from '../../go/value.ts';
import type { Func } from '../../go/value.ts';
import { KVPair, KVPairsType, KVPairType } from '../../mirror/pair.ts';
import type { Reader } from '../../mirror/readset.ts';
import { slice, strings } from './lists.ts';
import type { Keyring } from './keyring.ts';

/** The functions for encrypted values. */
export const secretNames: ReadonlySet<string> = new Set(['cget', 'cgetv', 'cgets', 'cgetvs']);

/** get, gets, getv and getvs for encrypted values; getvs sorts before it decrypts, as in confd. */
export function secretFuncs(reader: Reader, keyring: Pick<Keyring, 'decrypt'>): ReadonlyMap<string, Func> {
  const open = (pairs: readonly KVPair[]) => {
    const texts = keyring.decrypt(pairs.map((pair) => pair.value));
    return pairs.map(({ key }, i) => new KVPair(key, texts[i]!));
  };
  const pair = (key: string) => open([reader.get(key) ?? missing(key)])[0]!;
  return new Map([
    ['cget', func([StringType], KVPairType, pair)],
    ['cgetv', func([StringType], StringType, (key: string) => pair(key).value)],
    ['cgets', func([StringType], KVPairsType, (pattern: string) => slice(KVPairsType, open(reader.gets(pattern))))],
    ['cgetvs', func([StringType], StringsType, (pattern: string) => strings(keyring.decrypt(reader.getvs(pattern))))],
  ]);
}

function missing(key: string): never {
  throw new GoError(`key does not exist: ${key}`);
}

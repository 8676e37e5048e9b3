import type { FlagValue } from '../go/flag.ts';
import type { Given } from './setting.ts';

/** How a setting of an older release is written now. */

interface Translation {
  readonly old: string;
  /** The current setting. */
  readonly name: string;
  readonly value: (old: FlagValue) => FlagValue;
  /** What to write instead. */
  readonly advice: string;
}

const to = (name: string, value: (old: FlagValue) => FlagValue, advice = name) => ({ name, value, advice });
const same = (value: FlagValue): FlagValue => value;
const one = (value: FlagValue): FlagValue => [value as string];

// The first that sets a setting wins: -debug is stronger than -quiet.
const translations: readonly Translation[] = [
  { old: 'debug', ...to('log-level', () => 'debug', 'log-level debug') },
  { old: 'verbose', ...to('log-level', () => 'info', 'log-level info') },
  { old: 'quiet', ...to('log-level', () => 'error', 'log-level error') },
  { old: 'etcd-scheme', ...to('scheme', same) },
  { old: 'consul', ...to('backend', () => 'consul', 'backend consul') },
  { old: 'consul-addr', ...to('node', one) },
  { old: 'etcd-nodes', ...to('node', same) },
];

/**
 * Translates the old settings of one layer, unless the current setting is given, too. At most one warning. consul-addr
 * of a layer counts only with consul, and etcd-nodes only without it, as in the release that had them.
 */
export function modernise(layer: ReadonlyMap<string, Given>): { layer: Map<string, Given>; warnings: string[] } {
  const modern = new Map(layer);
  const advice: string[] = [];
  for (const { old, name, value, advice: form } of translations) {
    const given = layer.get(old);
    if (given === undefined) continue;
    modern.delete(old);
    advice.push(`"${form}" instead of "${old}"`);
    const other = modern.get('backend')?.value === 'consul' ? 'etcd-nodes' : 'consul-addr';
    const isIdle = given.value === false || old === other;
    if (!isIdle && !modern.has(name)) modern.set(name, { ...given, value: value(given.value) });
  }
  const warnings = advice.length === 0 ? [] : [`Settings of an older release: write ${advice.join(', ')}`];
  return { layer: modern, warnings };
}

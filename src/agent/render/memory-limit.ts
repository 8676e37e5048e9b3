import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Part of the memory limit. V8 ends the process when garbage collections near 0.8 of it free little. */
const worthALook = 0.75;
const full = 0.7;
/** The limit includes the young generation, which long-lived values cannot use: 48 MiB, 96 from about Node 24 on. */
const youngBytes = 96 * 1024 * 1024;

let collect: (() => void) | null = null;

/**
 * Whether the used memory and so many more bytes nearly fill the heap of this process. Cheap, unless the heap seems
 * full.
 */
export function isMemoryFull(more = 0): boolean {
  if (!isBeyond(worthALook, more)) return false;
  // Much of it may be garbage: only a collection shows how much is really used.
  collect ??= collector();
  collect();
  return isBeyond(full, more);
}

function isBeyond(part: number, more: number): boolean {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return used + more > part * (limit - Math.min(youngBytes, limit / 2));
}

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Parts of the memory: V8 gives up, and with it the process, once collections near 0.8 gain little. */
const worthALook = 0.75;
const full = 0.7;
/** The limit counts the room for new values, too, which nothing that lasts can use: 48 MiB, and 96 from Node 24 or so on. */
const youngBytes = 96 * 1024 * 1024;

let collect: (() => void) | null = null;

/**
 * Whether what is in use, with so many bytes more, nearly fills this process's memory; cheap, unless it seems so at first
 * sight.
 */
export function isMemoryFull(more = 0): boolean {
  if (!isBeyond(worthALook, more)) return false;
  // Much of it may be garbage: only a collection tells.
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

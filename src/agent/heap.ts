import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Beyond this part of its limit the heap may overflow before it is looked at again, which ends the process. */
const most = 0.85;

let collect: (() => void) | null = null;

/** Whether what is in use nearly fills this process's memory; cheap, unless it seems so at first sight. */
export function isHeapFull(): boolean {
  if (!looksFull()) return false;
  // Much of it may be garbage: only a collection tells.
  collect ??= collector();
  collect();
  return looksFull();
}

function looksFull(): boolean {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return used > most * limit;
}

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

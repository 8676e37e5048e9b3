import { type Cursor, type Edit, selected } from '../contract/backend.ts';
import type { DecodedEvent } from '../contract/change-buffer.ts';
import type { EtcdAnswer, EtcdNode } from './v2-answer.ts';
import { type Poll, reaches } from './watch-plan.ts';

const removals = new Set(['delete', 'expire', 'compareAndDelete']);
const writes = new Set(['set', 'create', 'update', 'compareAndSwap']);

/**
 * The edits of an event for the roots of a poll, unless they are older than its cursor. `others` are the roots of the
 * other polls: a removal that includes one of them arrives in no particular order, so everything must be read again.
 * Undefined when the answer has no event.
 */
export function decodeEvent(
  event: EtcdAnswer,
  poll: Poll,
  cursor: Cursor,
  others: readonly string[],
): DecodedEvent | undefined {
  const { action = '', node } = event;
  if (node?.modifiedIndex === undefined) return undefined;
  const index = BigInt(node.modifiedIndex);
  const key = node.key ?? '/';
  const roots = poll.roots.filter((root) => (cursor.get(root) ?? 0n) < index);
  if (writes.has(action)) return { index, edits: written(action, key, node, roots) };
  if (!removals.has(action)) return { index, edits: 'resync' };
  const gone = roots.flatMap((root) => (reaches(root, key) ? [key] : selected(root, key, 'subtree') ? [root] : []));
  const tangled = gone.some((above) => others.some((other) => selected(other, above, 'subtree')));
  return { index, edits: tangled ? 'resync' : gone.map((each) => ({ key: each, value: null })) };
}

function written(action: string, key: string, node: EtcdNode, roots: readonly string[]): Edit[] {
  if (!roots.some((root) => reaches(root, key))) return [];
  if (node.dir !== true) return [{ key, value: node.value ?? '' }];
  // An update of a directory sets its TTL only; any other write creates an empty directory, perhaps in place of a file.
  return action === 'update' ? [] : [{ key, value: null }];
}

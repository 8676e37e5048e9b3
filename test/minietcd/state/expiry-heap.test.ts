import fc from 'fast-check';
import { expect, test } from '@jest/globals';
import { ExpiryHeap } from '../../../src/minietcd/state/expiry-heap.ts';
import { TreeNode } from '../../../src/minietcd/state/node.ts';

test('whatever is scheduled, changed and removed, what is due comes in order', () => {
  const step = fc.record({
    node: fc.nat(30),
    expires: fc.option(fc.nat(20), { nil: undefined }),
    remove: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const nodes = Array.from({ length: 31 }, (_, i) => new TreeNode(String(i), null, '', i, i));
      const heap = new ExpiryHeap();
      const scheduled = new Set<TreeNode>();
      for (const { node: at, expires, remove } of steps) {
        const node = nodes[at]!;
        if (remove) heap.remove(node);
        else heap.schedule(node, expires);
        if (remove || expires === undefined) scheduled.delete(node);
        else scheduled.add(node);
      }
      expect(heap.size).toBe(scheduled.size);
      const wanted = [...scheduled].sort((a, b) => a.expires! - b.expires! || a.modified - b.modified);
      const got: TreeNode[] = [];
      for (let next = heap.next; next !== undefined; next = heap.next) {
        got.push(next);
        heap.remove(next);
      }
      expect(got.map(({ name }) => name)).toEqual(wanted.map(({ name }) => name));
    }),
  );
});

import fc from 'fast-check';
import { expect, test } from '@jest/globals';
import { Children } from '../../../src/minietcd/state/children.ts';
import { createDirectory, TreeNode } from '../../../src/minietcd/state/node.ts';
import { atOnce } from '../../../src/minietcd/state/steps.ts';

const file = (name: string) => new TreeNode(name, null, '', 5, 5);
const names = (nodes: readonly TreeNode[]) => nodes.map(({ name }) => name);

test('children come in byte order, also after one came or went', () => {
  const children = new Children<TreeNode>();
  children.set(file('f'));
  expect(names(children.inOrder())).toEqual(['f']);
  for (const name of ['\xf0\x9f\x98\x80', 'B', '\xef\xbf\xbd', 'a-b', 'a', 'a.b']) children.set(file(name));
  expect(names(children.inOrder())).toEqual(['B', 'a', 'a-b', 'a.b', 'f', '\xef\xbf\xbd', '\xf0\x9f\x98\x80']);
  children.delete('f');
  expect(names(children.inOrder())).not.toContain('f');
});

test('it is known whether there are directories', () => {
  const children = new Children<TreeNode>();
  children.set(file('a'));
  expect(children.hasDirectories).toBe(false);
  children.set(createDirectory('d', null, 5));
  expect(children.hasDirectories).toBe(true);
  children.set(file('d'));
  expect(children.hasDirectories).toBe(false);
});

const seed = Math.floor(Math.random() * 2 ** 31);

test(`any changes, before and in the middle of an ordering (seed ${seed})`, () => {
  const change = fc.record({ name: fc.integer({ min: 0, max: 9000 }), isGone: fc.boolean() });
  const changes = fc.array(change, { maxLength: 3000, size: 'max' });
  fc.assert(
    fc.property(fc.array(fc.record({ changes, steps: fc.nat(10) }), { maxLength: 6 }), (rounds) => {
      const children = new Children<TreeNode>();
      const known = new Map<string, TreeNode>();
      for (let n = 0; n < 6000; n += 2) children.set(known.set(`${n}`, file(`${n}`)).get(`${n}`)!);
      for (const { changes, steps } of rounds) {
        const wanted = [...known.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
        const ordering = children.ordering();
        let step: IteratorResult<void, readonly TreeNode[]> =
          'next' in ordering ? ordering.next() : { done: true, value: ordering };
        for (let n = 0; n < steps && step.done !== true && 'next' in ordering; n++) step = ordering.next();
        for (const { name, isGone } of changes) {
          const node = file(`${name}`);
          if (isGone && known.delete(node.name)) children.delete(node.name);
          else if (!isGone) {
            known.set(node.name, node);
            children.set(node);
          }
        }
        expect(step.done === true || !('next' in ordering) ? step.value : atOnce(ordering)).toEqual(wanted);
      }
      expect(children.inOrder().every((node) => known.get(node.name) === node)).toBe(true);
      expect(children.inOrder()).toHaveLength(known.size);
    }),
    { seed, numRuns: 30 },
  );
});

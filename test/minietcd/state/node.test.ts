import { expect, test } from '@jest/globals';
import {
  attach,
  createDirectory,
  isHidden,
  keyOf,
  secondsLeft,
  TreeNode,
  walkBelow,
} from '../../../src/minietcd/state/node.ts';

function tree(): { root: TreeNode; dir: TreeNode; file: TreeNode } {
  const root = createDirectory('', null, 0);
  const dir = createDirectory('d', root, 4);
  const file = new TreeNode('f', dir, 'v', 5, 5);
  attach(root, dir);
  attach(dir, file);
  return { root, dir, file };
}

test('a key follows from where a node hangs', () => {
  const { root, dir, file } = tree();
  expect([root, dir, file].map(keyOf)).toEqual(['/', '/d', '/d/f']);
});

test('a walk visits everything below with its key', () => {
  const seen: string[] = [];
  walkBelow(tree().root, '/', (_, key) => seen.push(key));
  expect(seen).toEqual(['/d', '/d/f']);
});

test.each([
  [10_000, 0, 10],
  [10_000, 1, 10],
  [10_000, 9000, 1],
  [10_000, 10_000, 0],
  [10_000, 10_999, 0],
  [10_000, 11_000, -1],
])('what expires at %d has at %d %d seconds left', (expires, at, seconds) => {
  expect(secondsLeft(expires, at)).toBe(seconds);
});

test('names that begin with an underscore are hidden', () => {
  expect(['_a', '_', 'a_', ''].map(isHidden)).toEqual([true, true, false, false]);
});

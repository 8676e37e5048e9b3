import { expect, test } from '@jest/globals';
import {
  attach,
  childrenInOrder,
  createDirectory,
  detach,
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

test('children come in byte order, also after one came or went', () => {
  const { dir, file } = tree();
  const names = () => childrenInOrder(dir).map(({ name }) => name);
  expect(names()).toEqual(['f']);
  for (const name of ['\xf0\x9f\x98\x80', 'B', '\xef\xbf\xbd', 'a-b', 'a', 'a.b'])
    attach(dir, new TreeNode(name, dir, '', 6, 6));
  expect(names()).toEqual(['B', 'a', 'a-b', 'a.b', 'f', '\xef\xbf\xbd', '\xf0\x9f\x98\x80']);
  detach(file);
  expect(names()).not.toContain('f');
  expect(childrenInOrder(file)).toEqual([]);
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

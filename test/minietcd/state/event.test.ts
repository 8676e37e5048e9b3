import { expect, test } from '@jest/globals';
import { imageOf, removedImage, removesDirectory, type Action } from '../../../src/minietcd/state/event.ts';
import { createDirectory, TreeNode } from '../../../src/minietcd/state/node.ts';

const root = createDirectory('', null, 0);

test('an image stays as it was when the node changes', () => {
  const node = new TreeNode('a', root, 'old', 4, 5);
  node.expires = 3000;
  const image = imageOf(node, 1);
  node.expires = undefined;
  expect(image).toEqual({ key: '/a', value: 'old', dir: false, expires: 3000, ttl: 3, modified: 5, created: 4 });
});

test('what is removed shows its key, its kind and when it came', () => {
  const bare = { value: undefined, expires: undefined, ttl: 0, modified: 9, created: 4 };
  expect(removedImage(new TreeNode('a', root, 'v', 4, 5), 9)).toEqual({ key: '/a', dir: false, ...bare });
  expect(removedImage(createDirectory('d', root, 4), 9)).toEqual({ key: '/d', dir: true, ...bare });
});

test.each<[Action, boolean, boolean]>([
  ['delete', true, true],
  ['expire', true, true],
  ['delete', false, false],
  ['update', true, false],
  ['set', true, false],
])('%s of a directory (%s) removes one: %s', (action, dir, removes) => {
  const node = { key: '/d', value: undefined, dir, expires: undefined, ttl: 0, modified: 9, created: 4 };
  expect(removesDirectory({ action, node, prevNode: undefined, refresh: false })).toBe(removes);
});

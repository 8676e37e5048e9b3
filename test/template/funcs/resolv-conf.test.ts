import { expect, test } from '@jest/globals';
import { fullNames } from '../../../src/template/funcs/resolv-conf.ts';

const pod =
  'nameserver 10.96.0.10\nsearch web.svc.cluster.local svc.cluster.local cluster.local.\noptions ndots:5 edns0\n';

test.each<[string, string, string[]]>([
  ['', 'a.b', ['a.b']],
  ['search\noptions ndots:x\ngarbage', 'a', ['a']],
  ['#search x\n;search y\n', 'a.b', ['a.b']],
  ['search .', 'a', ['a']],
  ['search x', `${'a'.repeat(252)}.b`, [`${'a'.repeat(252)}.b`]],
  ['search x', `${'a'.repeat(250)}.b`, [`${'a'.repeat(250)}.b`]],
  ['search x', `${'a'.repeat(249)}.b`, [`${'a'.repeat(249)}.b`, `${'a'.repeat(249)}.b.x`]],
  ['# search x', 'a', ['a']],
  ['search x\ndomain', 'a', ['a.x', 'a']],
  ['search x\nsearch', 'a', ['a']],
  ['  search  x  y \r', 'a', ['a.x', 'a.y', 'a']],
  ['search x\noptions ndots:3 ndots:0', 'a', ['a', 'a.x']],
  ['search x\noptions ndots:2x', 'a.b', ['a.b.x', 'a.b']],
  ['search x\noptions ndots:', 'a', ['a', 'a.x']],
  ['search x\noptions xndots:0 timeout:1', 'a', ['a.x', 'a']],
  ['search x\nsortlist ndots:0', 'a', ['a.x', 'a']],
  ['domain x y', 'a', ['a.x', 'a']],
  ['domain x\nsearch y z', 'a', ['a.y', 'a.z', 'a']],
  ['search x', 'a.b', ['a.b', 'a.b.x']],
  ['search x', 'a.b.', ['a.b.']],
  ['options ndots:0\nsearch x', 'a', ['a', 'a.x']],
  ['search\tx\noptions ndots:99', 'a.b', ['a.b.x', 'a.b']],
  [
    pod,
    '_http._tcp.db',
    ['web.svc.cluster.local', 'svc.cluster.local', 'cluster.local']
      .map((end) => `_http._tcp.db.${end}`)
      .concat('_http._tcp.db'),
  ],
])('by %j, %s is looked for as %j', (conf, name, names) => {
  expect(fullNames(name, conf)).toEqual(names);
});

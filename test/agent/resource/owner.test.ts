import { describe, expect, test } from '@jest/globals';
import { resolveOwner } from '../../../src/agent/resource/owner.ts';
import type { ResourceSpec } from '../../../src/config/resources.ts';
import { systemClock } from '../../../src/obs/clock.ts';
import { isRoot, specOf } from '../../helpers/pipeline.ts';

const uid = process.geteuid!();
const gid = process.getegid!();
const ifRoot = isRoot ? describe : describe.skip;

ifRoot('what root asks and this machine lacks is an error', () => {
  const rows: readonly (readonly [Partial<ResourceSpec>, string])[] = [
    [{ owner: 'nobody-of-that-name' }, 'owner "nobody-of-that-name": there is no such user'],
    [{ owner: "a'; touch /tmp/x; '" }, `owner "a'; touch /tmp/x; '": there is no such user`],
    [{ owner: '-é' }, 'owner "-é": there is no such user'],
    [{ group: 'nobody-of-that-name' }, 'group "nobody-of-that-name": there is no such group'],
    [{ uid: -2 }, "uid -2 is out of range (0 to 4294967294, or -1 for confd's own)"],
    [{ gid: 4294967295 }, "gid 4294967295 is out of range (0 to 4294967294, or -1 for confd's own)"],
    [{ owner: '4294967295' }, "owner 4294967295 is out of range (0 to 4294967294, or -1 for confd's own)"],
  ];
  test.each(rows)('%j', async (parts, message) => {
    const resolving = resolveOwner(specOf('/d', parts), systemClock);
    await expect(resolving).rejects.toMatchObject({ name: 'AgentError', message });
  });
});

ifRoot('what root asks', () => {
  const rows: readonly (readonly [Partial<ResourceSpec>, number, number])[] = [
    [{}, uid, gid],
    [{ uid: -1, gid: -1, owner: '', group: '' }, uid, gid],
    [{ owner: 'root', group: 'root' }, 0, 0],
    [{ owner: '1234', group: '5678' }, 1234, 5678],
    [{ owner: 'root', uid: 7 }, 7, gid],
    [{ owner: 'nobody-of-that-name', uid: 7 }, 7, gid],
    [{ uid: 0, gid: 12 }, 0, 12],
  ];
  test.each(rows)('%j', async (parts, wantUid, wantGid) => {
    expect(await resolveOwner(specOf('/d', parts), systemClock)).toEqual({ uid: wantUid, gid: wantGid, warnings: [] });
  });
});

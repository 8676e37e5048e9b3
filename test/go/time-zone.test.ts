import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { localZone, parseZone, UTC } from '../../src/go/time-zone.ts';
import { storedRows } from '../helpers/go-rows.ts';
import { testRows } from '../helpers/test-rows.ts';

const [{ zones }] = storedRows<unknown>('time') as [{ zones: Record<string, string> }];
const berlin = Buffer.from(zones['Europe/Berlin']!, 'base64');
const folder = mkdtempSync(join(tmpdir(), 'zone-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Row {
  readonly file: string;
  /** What Go knows of instants in the zone; null if it refuses the file. */
  readonly moments: readonly Moment[] | null;
}
interface Moment {
  readonly at: number;
  readonly name: string;
  readonly east: number;
  readonly isDST: boolean;
  readonly start: number | null;
  readonly end: number | null;
}

testRows('made-up zones are read as in Go, or refused', storedRows<Row>('zones'), ({ file, moments }) => {
  const bytes = Buffer.from(file, 'base64');
  if (moments === null) {
    expect(() => parseZone('x', bytes)).toThrow();
    return;
  }
  const zone = parseZone('x', bytes);
  for (const { at, name, east, isDST, start, end } of moments) {
    const bounds = { start: start ?? -Infinity, end: end ?? Infinity };
    expect([at, zone.lookup(at)]).toEqual([at, { abbreviation: name, offset: east, isDST, ...bounds }]);
  }
});

describe('files that are not time zones', () => {
  test.each([
    ['empty', Buffer.alloc(0)],
    ['of another kind', Buffer.from('not a zone, but long enough to have a header of 44 bytes')],
    ['cut short', berlin.subarray(0, berlin.length >> 1)],
    ['of an unknown version', Buffer.concat([Buffer.from('TZif9'), berlin.subarray(5)])],
  ])('%s', (_name, bytes) => {
    expect(() => parseZone('x', bytes)).toThrow();
  });
});

describe('the local zone', () => {
  test.each(['', 'UTC', ':UTC', 'No/Such/Zone', '/no/such/file', '../../etc/passwd'])('TZ=%j is like UTC', (tz) => {
    expect(localZone(tz).name).toBe('UTC');
    expect(localZone(tz)).not.toBe(UTC);
  });

  test('TZ may name a file', () => {
    const path = join(folder, 'berlin');
    writeFileSync(path, berlin);
    expect(localZone(path).name).toBe(path);
    expect(localZone(`:${path}`).lookup(1_700_000_000)).toMatchObject({
      abbreviation: 'CET',
      offset: 3600,
      isDST: false,
    });
    expect(localZone(path).lookup(4_118_000_000)).toMatchObject({ abbreviation: 'CEST', offset: 7200, isDST: true });
  });

  test('a damaged file is UTC', () => {
    const path = join(folder, 'damaged');
    writeFileSync(path, berlin.subarray(0, berlin.length >> 1));
    expect(localZone(path).name).toBe('UTC');
  });

  test('without TZ there is one, whatever this machine has', () => {
    expect(['Local', 'UTC']).toContain(localZone(undefined).name);
  });
});

import { expect, test } from '@jest/globals';
import { WriteTurns } from '../../../../src/minietcd/http/net/write-turns.ts';

test('what has no room in a turn is written in later ones, in order', async () => {
  const turns = new WriteTurns();
  const written: number[] = [];
  const perTurn: number[] = [];
  for (let n = 0; n < 1000; n++) {
    if (turns.take(() => written.push(n))) written.push(n);
  }
  while (written.length < 1000) {
    perTurn.push(written.length);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(perTurn).toEqual([200, 400, 600, 800]);
  expect(written).toEqual(Array.from({ length: 1000 }, (_, n) => n));
});

test('each turn has room again', async () => {
  const turns = new WriteTurns();
  for (let turn = 0; turn < 3; turn++) {
    for (let n = 0; n < 200; n++) expect(turns.take(() => undefined)).toBe(true);
    expect(turns.take(() => undefined)).toBe(false);
    // One for what waits, and one of its own.
    for (let n = 0; n < 3; n++) await new Promise((resolve) => setImmediate(resolve));
  }
});

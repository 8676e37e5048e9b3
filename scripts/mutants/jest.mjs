// As much of jest as the tests use, without its isolation: the tests of a file as a list of functions.
import { createRequire } from 'node:module';

const fromJest = createRequire(createRequire(import.meta.url).resolve('@jest/globals'));
const { jestExpect } = fromJest('@jest/expect');

const hookNames = ['beforeAll', 'beforeEach', 'afterEach', 'afterAll'];

/** What `@jest/globals` exports, and what collects the units (tests, and rows of testRows) that a file defines. */
export function collector() {
  let units;
  let block;

  const test = (name, run) => void units.push({ name: `${block.path}${name}`, run, block });
  const skip = Object.assign(() => undefined, { each: () => () => undefined });
  test.skip = skip;
  test.each = (table) => (name, run) => {
    for (const [i, row] of table.entries()) test(`${name} [${i}]`, () => run(...(Array.isArray(row) ? row : [row])));
  };
  const describe = (name, define) => {
    const outer = block;
    block = newBlock(outer, name);
    define();
    block = outer;
  };
  describe.each = (table) => (name, define) => {
    for (const row of table) describe(name, () => define(...(Array.isArray(row) ? row : [row])));
  };
  describe.skip = skip;
  const testRows = (name, rows, check) => {
    for (const [i, row] of rows.entries()) test(`${name} [${i}]`, () => check(row));
  };
  const hooks = Object.fromEntries(hookNames.map((name) => [name, (run) => void block[name].push(run)]));
  const collect = (load) => {
    units = [];
    block = newBlock(null);
    load();
    return units;
  };
  return { globals: { expect: jestExpect, test, describe, testRows, ...hooks }, collect };
}

function newBlock(outer, name) {
  const path = name === undefined ? '' : `${outer.path}${name} › `;
  return { outer, path, isOpen: false, ...Object.fromEntries(hookNames.map((name) => [name, []])) };
}

/** The blocks around a unit, the outermost first. */
function around(block) {
  return block === null ? [] : [...around(block.outer), block];
}

/** Runs the beforeAll hooks that a unit needs and that did not run yet. */
export async function open(unit, opened) {
  for (const block of around(unit.block)) {
    if (opened.has(block)) continue;
    opened.add(block);
    for (const hook of block.beforeAll) await hook();
  }
}

/** Runs the afterAll hooks of the blocks that were opened. */
export async function close(opened) {
  for (const block of [...opened].reverse()) for (const hook of block.afterAll) await hook();
}

/** Runs one unit with its hooks; throws what fails. */
export async function runUnit(unit) {
  const blocks = around(unit.block);
  const isPlain = blocks.every((block) => block.beforeEach.length + block.afterEach.length === 0);
  if (isPlain) return unit.run();
  for (const block of blocks) for (const hook of block.beforeEach) await hook();
  try {
    await unit.run();
  } finally {
    for (const block of blocks.reverse()) for (const hook of block.afterEach) await hook();
  }
}

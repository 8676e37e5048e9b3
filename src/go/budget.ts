/**
 * What the work under way may take. A render is synchronous, so one clock at a time is enough: what loops over long
 * input, here or in the engines, counts its steps instead of being handed a clock of its own.
 */

/**
 * Called again and again by work that may be long, and before it takes much memory at once: bytes of it, for a text that
 * may not be longer than what is made. What it throws ends the work.
 */
export type Tick = (bytes?: number, isText?: boolean) => void;

/** A step is some ten nanoseconds: a byte that is looked at, an element that is copied. */
const stepsPerTick = 16_384;
/** Less is taken without a question. */
const minCountedBytes = 64 * 1024;

let tick: Tick = () => undefined;
let steps = 0;

/** Does work, which must be synchronous, under a clock of its own, or without one under the clock that is there. */
export function limited<T>(own: Tick | undefined, work: () => T): T {
  if (own === undefined) return work();
  const outer = tick;
  tick = own;
  try {
    return work();
  } finally {
    tick = outer;
  }
}

/** Counts steps that are done, or are about to be. */
export function spend(count: number): void {
  if ((steps += count) < stepsPerTick) return;
  steps = 0;
  tick();
}

/** Asks for memory, in bytes, that is taken at once. */
export function reserve(bytes: number): void {
  if (bytes > minCountedBytes) tick(bytes);
}

/** Asks for memory for a list that grows by one element at a time, whenever it has doubled. */
export function reserveNext(length: number): void {
  if (length >= maxUncountedElements && (length & (length - 1)) === 0) reserve(length * bytesToDouble);
}

const maxUncountedElements = 4096;
/** An array twice as long, and what is put in it. */
const bytesToDouble = 32;

/** Asks for a text of so many bytes. */
export function reserveText(bytes: number): void {
  if (bytes > minCountedBytes) tick(bytes, true);
}

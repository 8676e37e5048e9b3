/**
 * The budget of the current work. A render is synchronous, so one clock at a time is enough: code that loops over long
 * input, here or in the engines, counts its steps here instead of getting a clock as a parameter.
 */

/**
 * Called after a number of steps, and before much memory is taken at once: `bytes` of it, for a text that must not be
 * longer than the output limit if isText. What it throws ends the work.
 */
export type Tick = (bytes?: number, isText?: boolean) => void;

/** A step is about ten nanoseconds: reading a byte, copying an element. */
const stepsPerTick = 16_384;
/** Less memory is taken without asking. */
const minCountedBytes = 64 * 1024;

let tick: Tick = () => undefined;
let steps = 0;

/** Runs synchronous work with a tick of its own, or with the current one if `own` is undefined. */
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

/** Counts steps. */
export function spend(count: number): void {
  if ((steps += count) < stepsPerTick) return;
  steps = 0;
  tick();
}

/** Asks for memory that is taken at once, in bytes. */
export function reserve(bytes: number): void {
  if (bytes > minCountedBytes) tick(bytes);
}

/** Asks for memory for a list that grows by single elements, each time it has doubled. */
export function reserveNext(length: number): void {
  if (length >= maxUncountedElements && (length & (length - 1)) === 0) reserve(length * bytesToDouble);
}

const maxUncountedElements = 4096;
/** Bytes for each element of an array that doubles, and for the element. */
const bytesToDouble = 32;

/** Asks for memory for a text. */
export function reserveText(bytes: number): void {
  if (bytes > minCountedBytes) tick(bytes, true);
}

import { fromText, toText } from '../go/bytes.ts';
import { unquote } from '../go/strconv.ts';
import { GoError } from '../go/value.ts';

/** Shorter texts say too little, and are in too many values by chance. */
const leastHidden = 3;

/**
 * A template's error without the values that the render had from the store: Go's messages quote what a function could
 * not take (`parsing "hunter2": invalid syntax`), and a log is read by more people than a store.
 */
export function hideValues(message: string, values: readonly string[]): string {
  const isValue = (text: string) => text.length >= leastHidden && values.some((value) => value.includes(text));
  // What stands before is the template's name and source, which say nothing of values.
  const start = message.indexOf('>: ') + 1;
  const tail = fromText(message.slice(start))
    .replace(/"(?:[^"\\]|\\.)*"/g, (quoted) => (isValue(bare(quoted)) ? '"***"' : quoted))
    .replace(/(iterate over )([^]*)$/, (all, words: string, text: string) => (isValue(text) ? `${words}***` : all));
  return message.slice(0, start) + toText(tail);
}

function bare(quoted: string): string {
  try {
    return unquote(quoted);
  } catch (error) {
    if (!(error instanceof GoError)) throw error;
    return quoted.slice(1, -1);
  }
}

import { toText } from '../go/bytes.ts';
import { quote } from '../go/strconv.ts';

/** A byte string in quotes, as text for a message. */
export function quoted(bytes: string): string {
  return toText(quote(bytes));
}

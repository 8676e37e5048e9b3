import { encodeString, encodeStringStep, styleOf } from '../../../go/json-string.ts';

/** etcd 3.4 is built with a Go that had no short forms of \b and \f, and escaped what stands for a wrong byte. */
const style = styleOf({}, '\\ufffd');

/** The JSON string of a byte string as etcd writes it: <>& escaped, one \ufffd per byte that is not UTF-8. */
export function jsonString(bytes: string): string {
  return encodeString(bytes, style);
}

/** What stands for a step of a byte string inside its JSON string, and where the next step begins. */
export function escapeStep(bytes: string, at: number): readonly [piece: Buffer, next: number] {
  return encodeStringStep(bytes, at, style);
}

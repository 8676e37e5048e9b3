import { encodeString, encodeStringStep, styleOf } from '../../../go/json-string.ts';

/** etcd 3.4 is built with a Go that had no short forms of \b and \f, and that escaped the replacement character. */
const style = styleOf({}, '\\ufffd');

/** The JSON string of a byte string as etcd writes it: <>& escaped, one \ufffd for each byte that is not UTF-8. */
export function jsonString(bytes: string): string {
  return encodeString(bytes, style);
}

/** One step of a byte string as part of a JSON string, and where the next step begins. */
export function escapeStep(bytes: string, at: number): readonly [piece: Buffer, next: number] {
  return encodeStringStep(bytes, at, style);
}

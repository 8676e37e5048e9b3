/** CRC-32C (Castagnoli). */

const polynomial = 0x82f63b78;

/** Row k is the effect of a byte on the checksum when k more bytes follow it. */
const tables = makeTables();

function makeTables(): Int32Array {
  const rows = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let sum = byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ polynomial : sum >>> 1;
    rows[byte] = sum;
  }
  for (let at = 256; at < rows.length; at++) {
    const above = rows[at - 256]!;
    rows[at] = (above >>> 8) ^ rows[above & 0xff]!;
  }
  return rows;
}

/** The checksum of bytes[from, to), continued from the checksum of the bytes before (0 for none). */
export function crc32c(bytes: Uint8Array, from: number, to: number, before = 0): number {
  const t = tables;
  let sum = ~before;
  let at = from;
  for (; at + 8 <= to; at += 8) {
    sum ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    sum =
      t[0x700 | (sum & 0xff)]! ^
      t[0x600 | ((sum >>> 8) & 0xff)]! ^
      t[0x500 | ((sum >>> 16) & 0xff)]! ^
      t[0x400 | (sum >>> 24)]! ^
      t[0x300 | bytes[at + 4]!]! ^
      t[0x200 | bytes[at + 5]!]! ^
      t[0x100 | bytes[at + 6]!]! ^
      t[bytes[at + 7]!]!;
  }
  for (; at < to; at++) sum = (sum >>> 8) ^ t[(sum ^ bytes[at]!) & 0xff]!;
  return ~sum >>> 0;
}

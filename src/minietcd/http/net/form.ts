import { quote } from '../../../go/strconv.ts';
import { EtcdError } from '../../state/errors.ts';

/** Parameters by name; the first value counts, and those of the body come before those of the query. */
export type Form = ReadonlyMap<string, string>;

const tokenChars = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const mediaType = new RegExp(`^(${tokenChars})(?:/(${tokenChars}))?(.*)$`, 's');
const parameter = new RegExp(`^;\\s*(${tokenChars})\\s*=\\s*(${tokenChars}|"(?:[^"\\\\\\r\\n]|\\\\.)*")\\s*`, 's');

/** True when a body of this Content-Type is a form. Throws 210 when the header is invalid. */
export function isForm(contentType: string | undefined): boolean {
  if (contentType === undefined || contentType === '') return false;
  if (contentType === 'application/x-www-form-urlencoded') return true;
  const fault = mediaTypeFault(contentType);
  if (fault !== undefined) throw new EtcdError(210, `mime: ${fault}`, 0);
  return contentType.split(';', 1)[0]!.trim().toLowerCase() === 'application/x-www-form-urlencoded';
}

/** The error of Go's mime package for a header that is not a media type. */
function mediaTypeFault(text: string): string | undefined {
  const semicolon = text.indexOf(';');
  const type = (semicolon < 0 ? text : text.slice(0, semicolon)).trim();
  if (type === '') return 'no media type';
  const [, major, minor, rest] = mediaType.exec(type) ?? [];
  if (major === undefined) return type.startsWith('/') ? 'no media type' : 'expected slash after first token';
  if (minor === undefined) {
    if (rest === '') return undefined;
    return rest!.startsWith('/') ? 'expected token after slash' : 'expected slash after first token';
  }
  if (rest !== '') return 'unexpected content after media subtype';
  return semicolon < 0 ? undefined : parameterFault(text.slice(semicolon));
}

function parameterFault(text: string): string | undefined {
  const seen = new Set<string>();
  let left = text.trimEnd();
  while (left !== '' && left !== ';') {
    const found = parameter.exec(left);
    if (found === null) return 'invalid media parameter';
    const name = found[1]!.toLowerCase();
    if (seen.has(name)) return 'duplicate parameter name';
    seen.add(name);
    left = left.slice(found[0].length);
  }
  return undefined;
}

const noParameters: Form = new Map();

/** As in Go from 1.25.6 on; requests of the API have only a few. */
const maxParameters = 10_000;

/** Bytes that are decoded in one step. */
const stepBytes = 256 * 1024;

/**
 * The parameters of a body and a query, in steps. Throws 210 with Go's words when one of them is invalid; the body is
 * checked first.
 */
export function* parseForm(body: string, query: string): Generator<void, Form> {
  if (body === '' && query === '') return noParameters;
  const form = new Map<string, string>();
  const fault = body === '' ? undefined : yield* readPairs(body, form);
  const other = query === '' ? undefined : yield* readPairs(query, form);
  if ((fault ?? other) !== undefined) throw new EtcdError(210, (fault ?? other)!, 0);
  return form;
}

function* readPairs(text: string, form: Map<string, string>): Generator<void, string | undefined> {
  if (hasTooMany(text)) return 'number of URL query parameters exceeded limit';
  let fault: string | undefined;
  let bytes = 0;
  for (const pair of text.split('&')) {
    bytes += pair.length;
    if (bytes > stepBytes) {
      bytes = 0;
      yield;
    }
    if (pair.includes(';')) {
      fault = 'invalid semicolon separator in query';
      continue;
    }
    if (pair === '') continue;
    const mark = pair.indexOf('=');
    const first = mark < 0 ? pair : pair.slice(0, mark);
    const name = first.length > stepBytes ? yield* unescape(first) : unescapeStep(first);
    if (typeof name !== 'string') fault ??= name.fault;
    else {
      const rest = mark < 0 ? '' : pair.slice(mark + 1);
      const value = rest.length > stepBytes ? yield* unescape(rest) : unescapeStep(rest);
      if (typeof value !== 'string') fault ??= value.fault;
      else if (!form.has(name)) form.set(name, value);
    }
  }
  return fault;
}

function hasTooMany(text: string): boolean {
  if (text.length < maxParameters) return false;
  let at = -1;
  for (let count = 0; count < maxParameters; count++) {
    at = text.indexOf('&', at + 1);
    if (at < 0) return false;
  }
  return true;
}

interface Fault {
  readonly fault: string;
}

function* unescape(text: string): Generator<void, string | Fault> {
  const texts: string[] = [];
  for (let from = 0; from < text.length;) {
    const to = from + stepBytes;
    // An escape is not cut.
    const cut = text.slice(to - 2, to).indexOf('%');
    const end = cut < 0 ? to : to - 2 + cut;
    const step = unescapeStep(text.slice(from, end));
    if (typeof step !== 'string') return step;
    texts.push(step);
    from = end;
    yield;
  }
  return texts.join('');
}

const percent = 0x25;
const plus = 0x2b;
const space = 0x20;

/** The value of a hex digit, 16 for any other byte. */
const hexDigits = Uint8Array.from({ length: 256 }, (_, code) => {
  const value = parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? 16 : value;
});

function unescapeStep(text: string): string | Fault {
  if (!/[+%]/.test(text)) return text;
  const bytes = Buffer.from(text, 'latin1');
  let to = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte !== percent) {
      bytes[to++] = byte === plus ? space : byte;
      continue;
    }
    const [high, low] = [hexDigits[bytes[at + 1] ?? 0]!, hexDigits[bytes[at + 2] ?? 0]!];
    if (high > 15 || low > 15) return { fault: `invalid URL escape ${quote(text.slice(at, at + 3))}` };
    bytes[to++] = 16 * high + low;
    at += 2;
  }
  return bytes.toString('latin1', 0, to);
}

import { quote } from '../../go/strconv.ts';
import { EtcdError } from '../errors.ts';

/** Parameters by name; the first value given counts, and the body's come before the query's. */
export type Form = ReadonlyMap<string, string>;

const tokenChars = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const mediaType = new RegExp(`^(${tokenChars})(?:/(${tokenChars}))?(.*)$`, 's');
const parameter = new RegExp(`^;\\s*(${tokenChars})\\s*=\\s*(${tokenChars}|"(?:[^"\\\\\\r\\n]|\\\\.)*")\\s*`, 's');

/** True where a body of this Content-Type is read as a form. Throws 210 when the header itself is broken. */
export function isForm(contentType: string | undefined): boolean {
  if (contentType === undefined || contentType === '') return false;
  if (contentType === 'application/x-www-form-urlencoded') return true;
  const fault = mediaTypeFault(contentType);
  if (fault !== undefined) throw new EtcdError(210, `mime: ${fault}`, 0);
  return contentType.split(';', 1)[0]!.trim().toLowerCase() === 'application/x-www-form-urlencoded';
}

/** What Go's mime package says of a header that is not a media type. */
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

/** The parameters of a body and a query. Throws 210 with Go's words where either cannot be read; the body goes first. */
export function parseForm(body: string, query: string): Form {
  if (body === '' && query === '') return noParameters;
  const form = new Map<string, string>();
  const faults = [readPairs(body, form), readPairs(query, form)];
  const fault = faults.find((text) => text !== undefined);
  if (fault !== undefined) throw new EtcdError(210, fault, 0);
  return form;
}

function readPairs(text: string, form: Map<string, string>): string | undefined {
  let fault: string | undefined;
  if (text === '') return undefined;
  for (const pair of text.split('&')) {
    if (pair.includes(';')) {
      fault = 'invalid semicolon separator in query';
      continue;
    }
    const mark = pair.indexOf('=');
    const name = mark < 0 ? pair : pair.slice(0, mark);
    const value = mark < 0 ? '' : pair.slice(mark + 1);
    const broken = brokenEscape(name) ?? brokenEscape(value);
    if (broken !== undefined) fault ??= `invalid URL escape ${broken}`;
    else if (pair !== '' && !form.has(unescape(name))) form.set(unescape(name), unescape(value));
  }
  return fault;
}

function brokenEscape(text: string): string | undefined {
  const at = text.search(/%(?![0-9a-fA-F]{2})/);
  return at < 0 ? undefined : quote(text.slice(at, at + 3));
}

function unescape(text: string): string {
  if (!/[+%]/.test(text)) return text;
  return text.replaceAll('+', ' ').replace(/%(..)/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

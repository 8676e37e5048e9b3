/** Layouts of Go's time.Format: the reference time Mon Jan 2 15:04:05 MST 2006, written as the result should look. */

import { spend } from './budget.ts';
import { Builder } from './builder.ts';

/** A time as a clock at a place shows it. */
export interface WallTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  readonly yearDay: number;
  readonly weekday: number;
  readonly abbreviation: string;
  readonly offset: number; // seconds east of Greenwich
}

export const monthNames = 'January February March April May June July August September October November December'.split(
  ' ',
);
export const dayNames = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

// Longer spellings before their prefixes; other text is copied.
const element =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|0[1-6]|002|15|1|2006|2|_2006|_2|__2|[345]|PM|pm|[-Z]07(?:0000|:00:00|00|:00)?|[.,](?:0+|9+)(?!\d)/g;

/** Part of a layout: fixed text, or an element of the time. */
type Part = (time: WallTime) => string;
const cache = new Map<string, readonly (string | Part)[]>();
const cacheLimit = 100;

/** A time in a layout. */
export function formatTime(time: WallTime, layout: string): string {
  const out = new Builder();
  for (const part of layout.length > maxCachedLength ? partsOf(layout) : keptParts(layout)) {
    spend(stepsPerPart);
    out.add(typeof part === 'string' ? part : part(time));
  }
  return out.toString();
}

const stepsPerPart = 16;
/** A longer layout is not cached, because it would fill the cache. */
const maxCachedLength = 1024;

function keptParts(layout: string): readonly (string | Part)[] {
  let parts = cache.get(layout);
  if (parts === undefined) {
    if (cache.size >= cacheLimit) cache.clear();
    cache.set(layout, (parts = [...partsOf(layout)]));
  }
  return parts;
}

function* partsOf(layout: string): Generator<string | Part> {
  let start = 0;
  for (const match of layout.matchAll(element)) {
    yield layout.slice(start, match.index);
    yield makePart(match[0]);
    start = match.index + match[0].length;
  }
  yield layout.slice(start);
}

const fixedParts = new Map<string, Part>([
  ['January', (t) => monthNames[t.month - 1]!],
  ['Jan', (t) => monthNames[t.month - 1]!.slice(0, 3)],
  ['Monday', (t) => dayNames[t.weekday]!],
  ['Mon', (t) => dayNames[t.weekday]!.slice(0, 3)],
  ['MST', (t) => t.abbreviation || formatOffset(t.offset, '-0700')],
  ['01', (t) => digits(t.month, 2)],
  ['02', (t) => digits(t.day, 2)],
  ['03', (t) => digits(hour12(t), 2)],
  ['04', (t) => digits(t.minute, 2)],
  ['05', (t) => digits(t.second, 2)],
  ['06', (t) => digits(Math.abs(t.year) % 100, 2)],
  ['002', (t) => digits(t.yearDay, 3)],
  ['15', (t) => digits(t.hour, 2)],
  ['1', (t) => String(t.month)],
  ['2006', (t) => digits(t.year, 4)],
  ['2', (t) => String(t.day)],
  ['_2006', (t) => '_' + digits(t.year, 4)],
  ['_2', (t) => String(t.day).padStart(2)],
  ['__2', (t) => String(t.yearDay).padStart(3)],
  ['3', (t) => String(hour12(t))],
  ['4', (t) => String(t.minute)],
  ['5', (t) => String(t.second)],
  ['PM', (t) => (t.hour >= 12 ? 'PM' : 'AM')],
  ['pm', (t) => (t.hour >= 12 ? 'pm' : 'am')],
]);

function makePart(text: string): Part {
  const fixed = fixedParts.get(text);
  if (fixed) return fixed;
  if (text.startsWith('Z')) return (t) => (t.offset === 0 ? 'Z' : formatOffset(t.offset, text));
  if (text.startsWith('-')) return (t) => formatOffset(t.offset, text);
  const places = text.length - 1;
  return text[1] === '0' ? (t) => text[0]! + fraction(t, places) : (t) => shortFraction(t, text[0]!, places);
}

/** The sign is not one of the four digits of a year. */
function digits(value: number, width: number): string {
  return (value < 0 ? '-' : '') + String(Math.abs(value)).padStart(width, '0');
}

function hour12(time: WallTime): number {
  return time.hour % 12 || 12;
}

function fraction(time: WallTime, places: number): string {
  return digits(time.nanosecond, 9).slice(0, places);
}

function shortFraction(time: WallTime, separator: string, places: number): string {
  const shown = fraction(time, places).replace(/0+$/, '');
  return shown === '' ? '' : separator + shown;
}

/** The offset in the form of the layout element: with or without colons, minutes and seconds. */
function formatOffset(offset: number, shape: string): string {
  const minutes = Math.trunc(offset / 60); // Go takes the sign from the whole minutes
  const colon = shape.includes(':') ? ':' : '';
  const hasSeconds = shape.length >= 7;
  const size = Math.abs(minutes);
  let text = (minutes < 0 ? '-' : '+') + digits(Math.floor(size / 60), 2);
  if (shape.length === 3) return text;
  text += colon + digits(size % 60, 2);
  // As in Go, the seconds are computed after the sign of the minutes.
  return hasSeconds ? text + colon + digits((minutes < 0 ? -offset : offset) % 60, 2) : text;
}

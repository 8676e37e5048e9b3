/** Time zones as Go reads them: TZif files, and the rule for the years after their last entry. */
import { readFileSync } from 'node:fs';
import { dayOfYear, fromDays, toDays, weekday } from './time-calendar.ts';

/** The state of a zone at an instant, valid between the Unix seconds start and end. */
export interface ZoneTime {
  readonly abbreviation: string;
  readonly offset: number; // seconds east of Greenwich
  readonly isDST: boolean;
  readonly start: number;
  readonly end: number;
}

/** A time zone. */
export interface Zone {
  readonly name: string;
  lookup(unixSeconds: number): ZoneTime;
}

/** A zone with one offset at all times, like UTC. */
export function fixedZone(name: string, offset: number): Zone {
  const always = { abbreviation: name, offset, isDST: false, start: -Infinity, end: Infinity };
  return { name, lookup: () => always };
}

export const UTC: Zone = fixedZone('UTC', 0);

/**
 * The local zone by Go's rules: from the variable TZ, otherwise from /etc/localtime, and with UTC's clock if that
 * fails. It is never UTC itself, which Go distinguishes from a local zone with the same clock.
 */
export function localZone(tz: string | undefined): Zone {
  return readLocalZone(tz) ?? fixedZone('UTC', 0);
}

function readLocalZone(tz: string | undefined): Zone | undefined {
  if (tz === undefined) return readZone('Local', ['/etc/localtime']);
  const name = tz.startsWith(':') ? tz.slice(1) : tz;
  if (name === '' || name === 'UTC') return undefined;
  if (name.startsWith('/')) return readZone(name === '/etc/localtime' ? 'Local' : name, [name]);
  return readZone(
    name,
    databases.map((directory) => directory + name),
  );
}

const databases = ['/usr/share/zoneinfo/', '/usr/share/lib/zoneinfo/', '/usr/lib/locale/TZ/', '/etc/zoneinfo/'];

function readZone(name: string, paths: readonly string[]): Zone | undefined {
  for (const path of paths) {
    try {
      return parseZone(name, readFileSync(path));
    } catch {
      // Go, too, tries the next place when a file is missing or damaged.
    }
  }
  return undefined;
}

interface Period {
  readonly abbreviation: string;
  readonly offset: number;
  readonly isDST: boolean;
}

interface Transition {
  readonly when: number;
  readonly index: number;
}

/** Parses a TZif file of version 1, 2 or 3. Throws Error for other bytes. */
export function parseZone(name: string, bytes: Uint8Array): Zone {
  const reader = new TzifReader(bytes);
  const { transitions, periods, rule } = reader.read();
  const first = periods[firstPeriod(transitions, periods)]!;
  return { name, lookup: (seconds) => lookup(seconds, transitions, periods, rule) ?? before(first, transitions) };
}

function before(first: Period, transitions: readonly Transition[]): ZoneTime {
  return { ...first, start: -Infinity, end: transitions[0]?.when ?? Infinity };
}

function lookup(
  seconds: number,
  transitions: readonly Transition[],
  periods: readonly Period[],
  rule: Rule | null,
): ZoneTime | null {
  let low = 0;
  let high = transitions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (transitions[middle]!.when <= seconds) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return null;
  const at = transitions[low - 1]!;
  if (low === transitions.length && rule !== null) return applyRule(rule, at.when, seconds);
  return { ...periods[at.index]!, start: at.when, end: transitions[low]?.when ?? Infinity };
}

/** The period before the first transition: the first period if no transition leads to it, otherwise standard time. */
function firstPeriod(transitions: readonly Transition[], periods: readonly Period[]): number {
  if (!transitions.some((transition) => transition.index === 0)) return 0;
  const start = transitions[0]!.index;
  if (periods[start]!.isDST) {
    for (let i = start - 1; i >= 0; i--) if (!periods[i]!.isDST) return i;
  }
  return Math.max(
    periods.findIndex((period) => !period.isDST),
    0,
  );
}

/** Parses the format of RFC 8536. Of the two copies of the data in newer files, only the one with 64 bits is used. */
class TzifReader {
  #at = 0;
  readonly #view: DataView;

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): { transitions: Transition[]; periods: Period[]; rule: Rule | null } {
    const version = this.#text(0, 4) === 'TZif' ? this.#view.getUint8(4) : -1;
    if (version !== 0 && version !== 0x32 && version !== 0x33) throw malformed();
    const isLong = version !== 0;
    if (isLong) this.#at = 44 + blockSize(this.#counts(20), 4);
    const counts = this.#counts(this.#at + 20);
    this.#at += 44;
    const size = isLong ? 8 : 4;
    if (this.#at + blockSize(counts, size) > this.bytes.length) throw malformed();
    const body = this.#readBody(counts, size);
    this.#at += blockSize(counts, size);
    const footer = /^\n(.+)\n$/s.exec(this.#text(this.#at, this.bytes.length))?.[1];
    return { ...body, rule: footer === undefined ? null : parseRule(footer) };
  }

  #text(from: number, to: number): string {
    return Buffer.from(this.bytes.subarray(from, to)).toString('latin1');
  }

  #counts(at: number): Counts {
    const [utc, std, leaps, times, types, chars] = [0, 4, 8, 12, 16, 20].map((i) => this.#view.getUint32(at + i));
    return { utc: utc!, std: std!, leaps: leaps!, times: times!, types: types!, chars: chars! };
  }

  #readBody(counts: Counts, size: 4 | 8): { transitions: Transition[]; periods: Period[] } {
    const indexes = this.#at + counts.times * size;
    const types = indexes + counts.times;
    const names = types + counts.types * 6;
    const transitions = Array.from({ length: counts.times }, (_, i) => ({
      when: this.#time(this.#at + i * size, size),
      index: this.#view.getUint8(indexes + i),
    }));
    const periods = Array.from({ length: counts.types }, (_, i) => ({
      offset: this.#view.getInt32(types + i * 6),
      isDST: this.#view.getUint8(types + i * 6 + 4) !== 0,
      abbreviation: this.#name(names + this.#view.getUint8(types + i * 6 + 5), names + counts.chars),
    }));
    if (periods.length === 0 || transitions.some(({ index }) => index >= periods.length)) throw malformed();
    return { transitions: transitions.length > 0 ? transitions : [{ when: -Infinity, index: 0 }], periods };
  }

  #time(at: number, size: 4 | 8): number {
    return size === 4 ? this.#view.getInt32(at) : Number(this.#view.getBigInt64(at));
  }

  #name(from: number, to: number): string {
    return this.#text(from, to).split('\0', 1)[0]!;
  }
}

function malformed(): Error {
  return new Error('malformed time zone information');
}

interface Counts {
  readonly utc: number;
  readonly std: number;
  readonly leaps: number;
  readonly times: number;
  readonly types: number;
  readonly chars: number;
}

function blockSize(counts: Counts, timeSize: 4 | 8): number {
  const { utc, std, leaps, times, types, chars } = counts;
  return times * (timeSize + 1) + types * 6 + chars + leaps * (timeSize + 4) + std + utc;
}

/** The POSIX rule at the end of a file, such as CET-1CEST,M3.5.0,M10.5.0/3. */
interface Rule {
  readonly standard: Period;
  readonly summer: { readonly period: Period; readonly from: YearDay; readonly to: YearDay } | null;
}

/** The time of a change, in seconds of local time from the start of a year. */
type YearDay = (year: number) => number;

const zonePart = String.raw`([^<0-9,+-][^0-9,+-]{2,}|<[^>]*>)`;
const offsetPart = String.raw`([+-]?\d+(?::\d+)?(?::\d+)?)`;
const rulePattern = new RegExp(`^${zonePart}${offsetPart}(?:${zonePart}${offsetPart}?)?(?:[,;]([^,]+),([^,]+))?$`);

function parseRule(text: string): Rule | null {
  const match = rulePattern.exec(text);
  if (match === null) return null;
  const [, standardName, standardOffset, summerName, summerOffset, from = 'M3.2.0', to = 'M11.1.0'] = match;
  const [offset, shift] = [parseOffset(standardOffset!), parseOffset(summerOffset ?? '0')];
  if (offset === null || shift === null) return null;
  const standard = makePeriod(standardName!, 0 - offset, false);
  if (summerName === undefined) return { standard, summer: null };
  const [starts, ends] = [parseYearDay(from), parseYearDay(to)];
  if (starts === null || ends === null) return null;
  const period = makePeriod(summerName, summerOffset === undefined ? standard.offset + 3600 : 0 - shift, true);
  return { standard, summer: { period, from: starts, to: ends } };
}

function makePeriod(name: string, offset: number, isDST: boolean): Period {
  return { abbreviation: name.replace(/^<(.*)>$/, '$1'), offset, isDST };
}

/** Seconds of a text such as -3:30, at most a week of hours; null if it is not valid. */
function parseOffset(text: string): number | null {
  const match = /^([+-]?)(\d+)(?::(\d+))?(?::(\d+))?$/.exec(text);
  if (match === null) return null;
  const [, sign, hours, minutes = 0, seconds = 0] = match;
  if (Number(hours) > 7 * 24 || Number(minutes) > 59 || Number(seconds) > 59) return null;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
}

function parseYearDay(text: string): YearDay | null {
  const slash = text.indexOf('/');
  const dayOf = parseDate(slash < 0 ? text : text.slice(0, slash));
  const seconds = parseOffset(slash < 0 ? '2' : text.slice(slash + 1));
  if (dayOf === null || seconds === null) return null;
  return (year) => dayOf(year) * 86400 + seconds;
}

/** The day of a year, from 0, for texts such as J60, 59 and M3.5.0. */
function parseDate(text: string): ((year: number) => number) | null {
  const julian = /^(J?)(\d+)$/.exec(text);
  if (julian) {
    const day = Number(julian[2]);
    if (day > 365) return null;
    if (julian[1] === '') return () => day;
    // Jn never counts the 29th of February, n does.
    return day === 0 ? null : (year) => day - 1 + (day >= 60 ? isLeap(year) : 0);
  }
  const monthly = /^M0*([1-9]|1[0-2])\.0*([1-5])\.0*([0-6])$/.exec(text);
  if (monthly === null) return null;
  const [month, week, day] = monthly.slice(1).map(Number) as [number, number, number];
  return (year) => dayOfWeek(year, month, week, day);
}

function isLeap(year: number): number {
  return toDays(year, 3, 1) - toDays(year, 2, 28) - 1;
}

/** The day of the year, from 0, of a weekday in a week of a month; week 5 is the last one. */
function dayOfWeek(year: number, month: number, week: number, day: number): number {
  const first = toDays(year, month, 1);
  const length = toDays(year, month + 1, 1) - first;
  let offset = (day - weekday(first) + 7) % 7;
  for (let i = 1; i < week && offset + 7 < length; i++) offset += 7;
  return first + offset - toDays(year, 1, 1);
}

function applyRule(rule: Rule, since: number, seconds: number): ZoneTime {
  const { standard, summer } = rule;
  if (summer === null) return { ...standard, start: since, end: Infinity };
  const days = Math.floor(seconds / 86400);
  const { year } = fromDays(days);
  const within = (dayOfYear(days) - 1) * 86400 + (seconds - days * 86400);
  const start = seconds - within;
  let [from, to] = [summer.from(year) - standard.offset, summer.to(year) - summer.period.offset];
  let [outside, inside] = [standard, summer.period];
  if (to < from) [from, to, outside, inside] = [to, from, inside, outside]; // south of the equator
  if (within < from) return { ...outside, start, end: start + from };
  if (within >= to) return { ...outside, start: start + to, end: start + 365 * 86400 };
  return { ...inside, start: start + from, end: start + to };
}

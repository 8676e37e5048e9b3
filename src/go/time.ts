/** Go's time.Time, Month, Weekday, Duration and Location as template values. */
import { formatDuration } from './duration.ts';
import { quote } from './strconv.ts';
import { dayOfYear, fromDays, toDays, weekday } from './time-calendar.ts';
import { dayNames, formatTime, monthNames } from './time-format.ts';
import type { WallTime } from './time-format.ts';
import { UTC } from './time-zone.ts';
import type { Zone } from './time-zone.ts';
import { BoolType, Float64Type, GoError, Int64Type, IntType, Num, Pointer, Slice, sliceOfBytes } from './value.ts';
import { pointerTo, sliceOf, StringType, Uint8Type, unfitMethod } from './value.ts';
import type { Field, Method, Struct, Type, Value } from './value.ts';

const second = 1_000_000_000n;
/** Seconds from the first of January of year 1 (Go's zero time) to 1970. */
const toUnix = 62_135_596_800n;
const largest = (1n << 63n) - 1n;

function method(params: readonly Type[], result: Type, call: (...args: never[]) => Value): Method {
  return { params, variadic: false, result, call: (receiver, args) => call(receiver as never, ...(args as never[])) };
}

function int64(value: bigint): Num {
  return new Num(Int64Type, BigInt.asIntN(64, value));
}

function nameOf(names: readonly string[], first: bigint, kind: string): Method {
  return method([], StringType, (n: Num) => {
    return names[Number((n.value as bigint) - first)] ?? `%!${kind}(${BigInt.asUintN(64, n.value as bigint)})`;
  });
}

/** time.Month, 1 to 12. */
export const MonthType: Type = {
  kind: 'int',
  name: 'time.Month',
  methods: new Map([['String', nameOf(monthNames, 1n, 'Month')]]),
};

/** time.Weekday, from 0 for Sunday. */
export const WeekdayType: Type = {
  kind: 'int',
  name: 'time.Weekday',
  methods: new Map([['String', nameOf(dayNames, 0n, 'Weekday')]]),
};

const durationMethods = new Map<string, Method>();

/** time.Duration, in nanoseconds. */
export const DurationType: Type = { kind: 'int64', name: 'time.Duration', methods: durationMethods };

/** A duration of so many nanoseconds. */
export function goDuration(nanoseconds: bigint): Num {
  return new Num(DurationType, clamp(nanoseconds));
}

function clamp(value: bigint): bigint {
  return value > largest ? largest : value < -largest - 1n ? -largest - 1n : value;
}

/** Divides whole units and the rest separately, as Go does: the last digits of the float depend on it. */
function inUnits(nanoseconds: bigint, unit: bigint): number {
  return Number(nanoseconds / unit) + Number(nanoseconds % unit) / Number(unit);
}

function roundDuration(d: bigint, unit: bigint): bigint {
  if (unit <= 0n) return d;
  const size = d < 0n ? -d : d;
  const rest = size % unit;
  const rounded = rest * 2n < unit ? size - rest : size + unit - rest;
  return clamp(d < 0n ? -rounded : rounded);
}

function durationMethod(name: string, result: Type, call: (nanoseconds: bigint) => Value): void {
  durationMethods.set(
    name,
    method([], result, (d: Num) => call(d.value as bigint)),
  );
}

durationMethod('String', StringType, formatDuration);
durationMethod('Hours', Float64Type, (d) => inUnits(d, 3600n * second));
durationMethod('Minutes', Float64Type, (d) => inUnits(d, 60n * second));
durationMethod('Seconds', Float64Type, (d) => inUnits(d, second));
durationMethod('Milliseconds', Int64Type, (d) => int64(d / 1_000_000n));
durationMethod('Microseconds', Int64Type, (d) => int64(d / 1_000n));
durationMethod('Nanoseconds', Int64Type, int64);
durationMethod('Abs', DurationType, (d) => goDuration(d < 0n ? -d : d));
for (const [name, shorten] of [
  ['Round', roundDuration],
  ['Truncate', (d: bigint, unit: bigint): bigint => (unit <= 0n ? d : d - (d % unit))],
] as const) {
  const call = (d: Num, unit: Num): Num => goDuration(shorten(d.value as bigint, unit.value as bigint));
  durationMethods.set(name, method([DurationType], DurationType, call));
}

const internal = (name: string): Type => ({ kind: 'struct', name });
const locationFields: readonly [name: string, type: Type, value: (zone: Zone) => Value][] = [
  ['name', StringType, (zone) => zone.name],
  ['zone', sliceOf(internal('time.zone')), () => new Slice(sliceOf(internal('time.zone')), null)],
  ['tx', sliceOf(internal('time.zoneTrans')), () => new Slice(sliceOf(internal('time.zoneTrans')), null)],
  ['extend', StringType, () => ''],
  ['cacheStart', Int64Type, () => int64(0n)],
  ['cacheEnd', Int64Type, () => int64(0n)],
  ['cacheZone', pointerTo(internal('time.zone')), () => new Pointer(pointerTo(internal('time.zone')), null)],
];

/** Its tables, which templates do not need, are empty, as for UTC. */
const LocationStructType: Type = {
  kind: 'struct',
  name: 'time.Location',
  fields: locationFields.map(([name, type, value]) => ({ name, type, get: (of) => value((of as Location).zone) })),
};

/** *time.Location. */
const LocationType: Type = {
  kind: 'ptr',
  name: '*time.Location',
  elem: LocationStructType,
  methods: new Map([['String', method([], StringType, (location: Pointer) => zoneOf(location).name)]]),
};

interface Location extends Struct {
  readonly zone: Zone;
}

const locations = new WeakMap<Zone, Pointer>();

/** The same pointer each time, because pointers are compared by identity. */
function locationOf(zone: Zone): Pointer {
  let location = locations.get(zone);
  if (location === undefined) {
    const target: Location = { type: LocationStructType, zone };
    locations.set(zone, (location = new Pointer(LocationType, target)));
  }
  return location;
}

/** The stored location: nil means UTC. */
function storedLocation(zone: Zone): Pointer {
  return zone === UTC ? nowhere : locationOf(zone);
}

const nowhere = new Pointer(LocationType, null);

function zoneOf(location: Pointer): Zone {
  return location.target === null ? UTC : (location.target as Location).zone;
}

const Uint64Type: Type = { kind: 'uint64', name: 'uint64' };
const BytesType = sliceOf(Uint8Type);
const timeMethods = new Map<string, Method>();
const timeOf = (struct: Struct): Time => struct as unknown as Time;
const timeFields: Field[] = [
  { name: 'wall', type: Uint64Type, get: (of) => new Num(Uint64Type, nanosecond(timeOf(of))) },
  { name: 'ext', type: Int64Type, get: (of) => int64(floorDivide(timeOf(of).nanos, second) + toUnix) },
  { name: 'loc', type: LocationType, get: (of) => storedLocation(timeOf(of).zone) },
];

/** time.Time. */
export const TimeType: Type = { kind: 'struct', name: 'time.Time', fields: timeFields, methods: timeMethods };

/** An instant, its zone, and Go's other fields. */
class Time implements Struct {
  readonly type = TimeType;
  #wall: WallTime | undefined;

  constructor(
    readonly nanos: bigint, // since 1970
    readonly zone: Zone,
    readonly local: Zone, // what .Local turns to
    readonly monotonic: bigint | null = null, // nanoseconds since the start of the process
  ) {}

  get wall(): WallTime {
    return (this.#wall ??= wallTime(this));
  }

  /** The same instant in another zone; as in Go, without the monotonic reading. */
  in(zone: Zone): Time {
    return new Time(this.nanos, zone, this.local);
  }

  add(nanoseconds: bigint): Time {
    const monotonic = this.monotonic === null ? null : this.monotonic + nanoseconds;
    return new Time(this.nanos + nanoseconds, this.zone, this.local, monotonic);
  }
}

/**
 * time.Now for a clock that shows unixNanos. `local` is the local zone; monotonicNanos, the time since the process
 * began, is printed as m=+….
 */
export function goTime(unixNanos: bigint, local: Zone, monotonicNanos: bigint | null = null): Struct {
  return new Time(unixNanos, local, local, monotonicNanos);
}

function floorDivide(a: bigint, b: bigint): bigint {
  return (a - floorModulo(a, b)) / b;
}

function floorModulo(a: bigint, b: bigint): bigint {
  return ((a % b) + b) % b;
}

function nanosecond(time: Time): bigint {
  return floorModulo(time.nanos, second);
}

function wallTime(time: Time): WallTime {
  const unix = Number(floorDivide(time.nanos, second));
  const { abbreviation, offset } = time.zone.lookup(unix);
  const seconds = unix + offset;
  const days = Math.floor(seconds / 86400);
  const clock = seconds - days * 86400;
  return {
    ...fromDays(days),
    hour: Math.floor(clock / 3600),
    minute: Math.floor((clock % 3600) / 60),
    second: clock % 60,
    nanosecond: Number(nanosecond(time)),
    yearDay: dayOfYear(days),
    weekday: weekday(days),
    abbreviation,
    offset,
  };
}

/** time.Date with the clock of `like`: a time that does not exist in a zone, or exists twice, is resolved as in Go. */
function onDate(like: Time, year: number, month: number, day: number): Time {
  const { hour, minute, second: seconds } = like.wall;
  const reading = toDays(year, month, day) * 86400 + hour * 3600 + minute * 60 + seconds;
  let { offset, start, end } = like.zone.lookup(reading);
  const guess = reading - offset;
  if (offset !== 0 && (guess < start || guess >= end)) ({ offset, start, end } = like.zone.lookup(guess));
  return new Time(BigInt(reading - offset) * second + nanosecond(like), like.zone, like.local);
}

function compare(a: Time, b: Time): number {
  const isMonotonic = a.monotonic !== null && b.monotonic !== null;
  const [x, y] = isMonotonic ? [a.monotonic, b.monotonic] : [a.nanos, b.nanos];
  return x < y ? -1 : x > y ? 1 : 0;
}

function between(a: Time, b: Time): Num {
  if (a.monotonic !== null && b.monotonic !== null) return goDuration(a.monotonic - b.monotonic);
  return goDuration(a.nanos - b.nanos);
}

/** Multiples are counted from year 1, not from 1970. */
function sinceMultiple(time: Time, unit: bigint): bigint {
  return floorModulo(time.nanos + toUnix * second, unit);
}

function truncate(time: Time, { value }: Num): Time {
  const unit = value as bigint;
  const bare = new Time(time.nanos, time.zone, time.local);
  return unit <= 0n ? bare : bare.add(-sinceMultiple(time, unit));
}

function round(time: Time, { value }: Num): Time {
  const unit = value as bigint;
  const bare = new Time(time.nanos, time.zone, time.local);
  if (unit <= 0n) return bare;
  const rest = sinceMultiple(time, unit);
  return bare.add(rest * 2n < unit ? -rest : unit - rest);
}

function toText(time: Time): string {
  const text = formatTime(time.wall, '2006-01-02 15:04:05.999999999 -0700 MST');
  if (time.monotonic === null) return text;
  const size = time.monotonic < 0n ? -time.monotonic : time.monotonic;
  const fraction = (size % second).toString().padStart(9, '0');
  return `${text} m=${time.monotonic < 0n ? '-' : '+'}${size / second}.${fraction}`;
}

function toGoSyntax(time: Time): string {
  const { year, month, day, hour, minute, second: seconds, nanosecond: nanos } = time.wall;
  const { zone } = time;
  const place = zone === UTC ? 'time.UTC' : zone === time.local ? 'time.Local' : `time.Location(${quote(zone.name)})`;
  const clock = `${hour}, ${minute}, ${seconds}, ${nanos}`;
  return `time.Date(${year}, time.${monthNames[month - 1]!}, ${day}, ${clock}, ${place})`;
}

/** RFC 3339 with the checks of the Marshal methods. */
function toStrictText(time: Time, caller: string): string {
  const { year, offset } = time.wall;
  if (year < 0 || year > 9999) throw new GoError(`Time.${caller}: year outside of range [0,9999]`);
  if (Math.abs(offset) >= 86400) throw new GoError(`Time.${caller}: timezone hour outside of range [0,23]`);
  return formatTime(time.wall, '2006-01-02T15:04:05.999999999Z07:00');
}

/** Like Go's append, but never writes into the first slice. */
function append(bytes: Slice, text: string): Slice {
  const before = bytes.array?.slice(bytes.offset, bytes.offset + bytes.length) ?? [];
  return new Slice(BytesType, [...before, ...sliceOfBytes(text).array!]);
}

/** The format of MarshalBinary: version, seconds since year 1, nanoseconds, minutes east of Greenwich. */
function toBinary(time: Time): string {
  const { offset } = time.wall;
  const minutes = time.zone === UTC ? -1 : Math.trunc(offset / 60);
  if (time.zone !== UTC && (minutes < -32768 || minutes === -1 || minutes > 32767)) {
    throw new GoError('Time.MarshalBinary: unexpected zone offset');
  }
  const seconds = offset % 60;
  const bytes = Buffer.alloc(seconds === 0 ? 15 : 16);
  bytes[0] = seconds === 0 ? 1 : 2;
  bytes.writeBigInt64BE(BigInt.asIntN(64, floorDivide(time.nanos, second) + toUnix), 1);
  bytes.writeInt32BE(Number(nanosecond(time)), 9);
  bytes.writeInt16BE(minutes, 13);
  if (seconds !== 0) bytes.writeInt8(seconds, 15);
  return bytes.toString('latin1');
}

function int(value: number): bigint {
  return BigInt(value);
}

const timeRows: readonly [name: string, params: readonly Type[], result: Type, call: (...args: never[]) => Value][] = [
  ['Year', [], IntType, (t: Time) => int(t.wall.year)],
  ['Month', [], MonthType, (t: Time) => new Num(MonthType, int(t.wall.month))],
  ['Day', [], IntType, (t: Time) => int(t.wall.day)],
  ['Hour', [], IntType, (t: Time) => int(t.wall.hour)],
  ['Minute', [], IntType, (t: Time) => int(t.wall.minute)],
  ['Second', [], IntType, (t: Time) => int(t.wall.second)],
  ['Nanosecond', [], IntType, (t: Time) => nanosecond(t)],
  ['YearDay', [], IntType, (t: Time) => int(t.wall.yearDay)],
  ['Weekday', [], WeekdayType, (t: Time) => new Num(WeekdayType, int(t.wall.weekday))],
  ['Unix', [], Int64Type, (t: Time) => int64(floorDivide(t.nanos, second))],
  ['UnixMilli', [], Int64Type, (t: Time) => int64(floorDivide(t.nanos, 1_000_000n))],
  ['UnixMicro', [], Int64Type, (t: Time) => int64(floorDivide(t.nanos, 1_000n))],
  ['UnixNano', [], Int64Type, (t: Time) => int64(t.nanos)],
  ['IsZero', [], BoolType, (t: Time) => t.nanos === -toUnix * second],
  ['IsDST', [], BoolType, (t: Time) => t.zone.lookup(Number(floorDivide(t.nanos, second))).isDST],
  ['UTC', [], TimeType, (t: Time) => t.in(UTC)],
  ['Local', [], TimeType, (t: Time) => t.in(t.local)],
  ['In', [LocationType], TimeType, inLocation],
  ['Location', [], LocationType, (t: Time) => locationOf(t.zone)],
  ['String', [], StringType, toText],
  ['GoString', [], StringType, toGoSyntax],
  ['Format', [StringType], StringType, (t: Time, layout: string) => formatTime(t.wall, layout)],
  ['Add', [DurationType], TimeType, (t: Time, d: Num) => t.add(d.value as bigint)],
  ['AddDate', [IntType, IntType, IntType], TimeType, addDate],
  ['Round', [DurationType], TimeType, round],
  ['Truncate', [DurationType], TimeType, truncate],
  ['Sub', [TimeType], DurationType, between],
  ['Before', [TimeType], BoolType, (t: Time, u: Time) => compare(t, u) < 0],
  ['After', [TimeType], BoolType, (t: Time, u: Time) => compare(t, u) > 0],
  ['Equal', [TimeType], BoolType, (t: Time, u: Time) => compare(t, u) === 0],
  ['Compare', [TimeType], IntType, (t: Time, u: Time) => int(compare(t, u))],
  ['MarshalJSON', [], BytesType, (t: Time) => sliceOfBytes(`"${toStrictText(t, 'MarshalJSON')}"`)],
  ['MarshalText', [], BytesType, (t: Time) => sliceOfBytes(toStrictText(t, 'MarshalText'))],
  ['MarshalBinary', [], BytesType, (t: Time) => sliceOfBytes(toBinary(t))],
  ['GobEncode', [], BytesType, (t: Time) => sliceOfBytes(toBinary(t))],
  ['AppendBinary', [BytesType], BytesType, (t: Time, b: Slice) => append(b, toBinary(t))],
  ['AppendText', [BytesType], BytesType, (t: Time, b: Slice) => append(b, toStrictText(t, 'AppendText'))],
  ['AppendFormat', [BytesType, StringType], BytesType, appendFormat],
];
for (const [name, params, result, call] of timeRows) timeMethods.set(name, method(params, result, call));
const unfit: Readonly<Record<string, readonly Type[]>> = {
  Date: [IntType, MonthType, IntType],
  Clock: [IntType, IntType, IntType],
  ISOWeek: [IntType, IntType],
  Zone: [StringType, IntType],
  ZoneBounds: [TimeType, TimeType],
};
for (const [name, results] of Object.entries(unfit)) timeMethods.set(name, unfitMethod(name, [], results));

function inLocation(time: Time, location: Pointer): Time {
  if (location.target === null) throw new GoError('time: missing Location in call to Time.In');
  return time.in(zoneOf(location));
}

function appendFormat(time: Time, bytes: Slice, layout: string): Slice {
  return append(bytes, formatTime(time.wall, layout));
}

function addDate(time: Time, years: bigint, months: bigint, days: bigint): Time {
  const { year, month, day } = time.wall;
  return onDate(time, year + Number(years), month + Number(months), day + Number(days));
}

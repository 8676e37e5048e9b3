import { EtcdError } from '../../state/errors.ts';
import type { Form } from '../net/form.ts';
import type { Request } from '../../state/request.ts';
import type { Guard, Write } from '../../state/store.ts';

/** The parameters of a read of /v2/keys. */
export type ReadParameters = GetParameters | WatchParameters;

/** A read that is answered at once. */
export interface GetParameters {
  readonly kind: 'get';
  readonly path: string;
  readonly recursive: boolean;
}

/** A request that waits for an event; with stream, for all following events. */
export interface WatchParameters {
  readonly kind: 'watch';
  readonly path: string;
  readonly recursive: boolean;
  readonly stream: boolean;
  readonly since: number;
}

/** The parameters of a change of /v2/keys. */
export interface WriteParameters {
  readonly request: Exclude<Request, { readonly action: 'sync' }>;
  /** The answer to a success has only the action. */
  readonly quiet: boolean;
}

/** All parameters, checked. */
interface Fields {
  readonly prevIndex: bigint;
  readonly waitIndex: bigint;
  readonly recursive: boolean;
  readonly wait: boolean;
  readonly dir: boolean;
  readonly quorum: boolean;
  readonly stream: boolean;
  readonly prevValue: string;
  readonly quiet: boolean;
  readonly ttl: number | undefined;
  readonly prevExist: boolean | undefined;
  readonly refresh: boolean;
}

/** Longer TTLs overflow in etcd and get another meaning; here they are refused. */
const maxTtlSeconds = 9_000_000_000n;

const maxUint64 = 0xffff_ffff_ffff_ffffn;

// Every parameter is checked for every method, in etcd's order.

/** Reads a GET or HEAD of /v2/keys. Throws EtcdError. */
export function parseRead(method: string, path: string, form: Form): ReadParameters {
  if (form.size === 0) return { kind: 'get', path, recursive: false };
  const { wait, quorum, recursive, stream, waitIndex } = checkFields(method, form);
  if (!wait || quorum) return { kind: 'get', path, recursive };
  return { kind: 'watch', path, recursive, stream, since: Number(waitIndex) };
}

/** Reads a PUT, POST or DELETE of /v2/keys. Throws EtcdError. */
export function parseWrite(method: string, path: string, form: Form, at: number): WriteParameters {
  const fields = checkFields(method, form);
  switch (method) {
    case 'PUT':
      return { request: putRequest(path, form, fields, at), quiet: fields.quiet };
    case 'POST':
      return {
        request: { action: 'createInOrder', path, write: { ...writeOf(form, fields, at), refresh: false }, at },
        quiet: fields.quiet,
      };
    default:
      return { request: deleteRequest(path, fields, at), quiet: false };
  }
}

function putRequest(path: string, form: Form, fields: Fields, at: number): WriteParameters['request'] {
  const write = writeOf(form, fields, at);
  if (fields.prevExist === false) return { action: 'create', path, write: { ...write, refresh: false }, at };
  if (isGuarded(fields)) return { action: 'compareAndSwap', path, guard: guardOf(fields), write, at };
  return { action: fields.prevExist === true ? 'update' : 'set', path, write, at };
}

function deleteRequest(path: string, fields: Fields, at: number): WriteParameters['request'] {
  if (isGuarded(fields)) return { action: 'compareAndDelete', path, guard: guardOf(fields), at };
  return { action: 'delete', path, reach: { dir: fields.dir, recursive: fields.recursive }, at };
}

function isGuarded(fields: Fields): boolean {
  return fields.prevIndex > 0n || fields.prevValue !== '';
}

function guardOf(fields: Fields): Guard {
  return { prevValue: fields.prevValue, prevIndex: fields.prevIndex };
}

function writeOf(form: Form, fields: Fields, at: number): Write {
  return {
    value: form.get('value') ?? '',
    dir: fields.dir,
    expires: fields.ttl === undefined ? undefined : at + fields.ttl * 1000,
    refresh: fields.refresh,
  };
}

/** The checks are in the order in which etcd reports errors. */
function checkFields(method: string, form: Form): Fields {
  const prevIndex = readIndex(form, 'prevIndex');
  const waitIndex = readIndex(form, 'waitIndex');
  const recursive = readFlag(form, 'recursive');
  readFlag(form, 'sorted'); // listings are always sorted
  const wait = readFlag(form, 'wait');
  const dir = readFlag(form, 'dir');
  const quorum = readFlag(form, 'quorum');
  const stream = readFlag(form, 'stream');
  if (wait && method !== 'GET') throw new EtcdError(209, '"wait" can only be used with GET requests', 0);
  const prevValue = form.get('prevValue');
  if (prevValue === '') throw new EtcdError(201, '"prevValue" cannot be empty', 0);
  const quiet = readFlag(form, 'noValueOnSuccess');
  const ttl = readTtl(form);
  const prevExist = readChoice(form, 'prevExist');
  const refresh = readChoice(form, 'refresh') ?? false;
  if (refresh && (form.get('value') ?? '') !== '') throw new EtcdError(211, 'A value was provided on a refresh', 0);
  if (refresh && ttl === undefined) throw new EtcdError(212, 'No TTL value set', 0);
  return {
    prevIndex,
    waitIndex,
    recursive,
    wait,
    dir,
    quorum,
    stream,
    prevValue: prevValue ?? '',
    quiet,
    ttl,
    prevExist,
    refresh,
  };
}

function readFlag(form: Form, name: string): boolean {
  const text = form.get(name);
  const value = text === undefined ? false : parseBool(text);
  if (value === undefined) throw new EtcdError(209, `invalid value for "${name}"`, 0);
  return value;
}

/** An optional flag; etcd's error for it has no quotes. */
function readChoice(form: Form, name: string): boolean | undefined {
  const text = form.get(name);
  if (text === undefined) return undefined;
  const value = parseBool(text);
  if (value === undefined) throw new EtcdError(209, `invalid value for ${name}`, 0);
  return value;
}

function readIndex(form: Form, name: string): bigint {
  const text = form.get(name);
  const value = text === undefined ? 0n : parseUint64(text);
  if (value === undefined) throw new EtcdError(203, `invalid value for "${name}"`, 0);
  return value;
}

function readTtl(form: Form): number | undefined {
  const text = form.get('ttl');
  if (text === undefined || text === '') return undefined;
  const value = parseUint64(text);
  if (value === undefined || value > maxTtlSeconds) throw new EtcdError(202, 'invalid value for "ttl"', 0);
  return Number(value);
}

function parseBool(text: string): boolean | undefined {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  return /^(?:0|f|F|FALSE|false|False)$/.test(text) ? false : undefined;
}

function parseUint64(text: string): bigint | undefined {
  if (!/^[0-9]+$/.test(text)) return undefined;
  const digits = text.replace(/^0+(?=[0-9])/, '');
  if (digits.length > 20) return undefined; // BigInt would need minutes for a very long number
  const value = BigInt(digits);
  return value > maxUint64 ? undefined : value;
}

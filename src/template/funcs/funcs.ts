import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import { fromText, toText } from '../../go/bytes.ts';
import { goTime, TimeType } from '../../go/time.ts';
import { localZone } from '../../go/time-zone.ts';
import type { Zone } from '../../go/time-zone.ts';
import {
  BoolType,
  Func,
  func,
  GoError,
  InterfaceType,
  sliceOf,
  StringsType,
  StringType,
  variadicFunc,
} from '../../go/value.ts';
import type { FuncMap, Type, Value } from '../../go/value.ts';
import { KVPairsType, KVPairType } from '../../mirror/pair.ts';
import { Reader } from '../../mirror/readset.ts';
import { View } from '../../mirror/view.ts';
import { TemplateError } from '../engine/engine.ts';
import { dataFuncs } from './data.ts';
import { listFuncs, slice, strings } from './lists.ts';
import { numberFuncs } from './numbers.ts';
import { regexFuncs } from './regex.ts';
import { secretFuncs } from './secret.ts';
import { textFuncs } from './text.ts';
import { Includes } from './include.ts';
import type { Keyring } from './keyring.ts';
import { interfaceAddress, Lookups, systemResolver } from './lookup.ts';
import { SRVPointerType } from './srv.ts';

/**
 * The data for template functions besides the store. One object serves one render, since its lookups cache their
 * answers.
 */
export interface FuncDeps {
  /** The environment, as text. */
  readonly env: ReadonlyMap<string, string>;
  readonly clock: Clock;
  readonly lookups: Lookups;
  readonly includes: Includes;
  /** Decrypts values; null when there is no keyring, and then there are no functions for encrypted values. */
  readonly keyring: Keyring | null;
}

/** The current time, in milliseconds since the epoch. */
interface Clock {
  now(): number;
}

const noFiles = { load: (path: string) => Promise.reject(new TemplateError(`Missing template: ${path}`)) };

/** The function data of this machine. */
export function funcDepsOf(
  env: ReadonlyMap<string, string>,
  clock: Clock,
  includes: Includes = new Includes(noFiles, '/'),
  keyring: Keyring | null = null,
): FuncDeps {
  return { env, clock, lookups: new Lookups(systemResolver), includes, keyring };
}

/** A longer text is not split or changed: that needs several times its memory. */
const maxTextBytes = 32 * 1024 * 1024;

/** Functions without access to anything outside; all renders share them. */
const pureFuncs: ReadonlyMap<string, Func> = new Map([
  ...[...textFuncs, ...dataFuncs, ...regexFuncs].map(([name, func]) => [name, bounded(func)] as const),
  ...listFuncs,
  ...numberFuncs,
]);

/** A function that refuses texts that are too long. */
function bounded({ type, call }: Func): Func {
  return new Func(type, (args) => {
    for (const arg of args) {
      if (typeof arg === 'string' && arg.length > maxTextBytes) {
        throw new GoError(`a text of ${arg.length} bytes is longer than the ${maxTextBytes} that a function takes`);
      }
    }
    return call(args);
  });
}

/** What the functions of one render use. */
interface FuncContext {
  readonly reader: Reader;
  readonly deps: FuncDeps;
  /** All functions, for included files. */
  readonly funcs: FuncMap;
}

/** Makes a function for a render on its first use: most templates call two or three of sixty. */
type Maker = (context: FuncContext) => Func;

/** All functions that a template can call; store functions read from reader, which records what was asked. */
export function confdFuncs(reader: Reader, deps: FuncDeps): FuncMap {
  const secrets = deps.keyring === null ? none : secretFuncs(reader, deps.keyring);
  const context: FuncContext = {
    reader,
    deps,
    funcs: {
      get: (name) => ownFuncs.get(name)?.(context) ?? pureFuncs.get(name) ?? secrets.get(name),
      has: (name) => ownFuncs.has(name) || pureFuncs.has(name) || secrets.has(name),
      keys: () => [...ownFuncs.keys(), ...pureFuncs.keys(), ...secrets.keys()].values(),
    },
  };
  return context.funcs;
}

const none: ReadonlyMap<string, Func> = new Map();

const zones = new Map<string | undefined, Zone>();

/** The local time, with the time since the process started, as Go prints both. */
function now({ env, clock }: FuncDeps): Value {
  const place = env.get('TZ');
  const zone = zones.get(place) ?? localZone(place);
  zones.set(place, zone);
  // Through microseconds: a number cannot hold nanoseconds since 1970 exactly.
  const nanoseconds = (milliseconds: number) => BigInt(Math.round(milliseconds * 1000)) * 1000n;
  return goTime(nanoseconds(clock.now()), zone, nanoseconds(clock.now() - performance.timeOrigin));
}

const srvsType = sliceOf(SRVPointerType);

/** Makes functions of one type, which is declared once: every render has its own functions. */
type MakerOf<Params extends readonly Value[]> = (call: (context: FuncContext, ...args: Params) => Value) => Maker;

function maker<Params extends readonly Value[]>({ type }: Func): MakerOf<Params> {
  return (call) => (context) => new Func(type, (args) => call(context, ...(args as Params)));
}

const nothing = () => undefined;
const ofString = (result: Type) => maker<[text: string]>(func([StringType], result, nothing));
const testFunc = ofString(BoolType);
const nameFunc = ofString(StringType);
const pairFunc = ofString(KVPairType);
const pairsFunc = ofString(KVPairsType);
const listFunc = ofString(StringsType);
const defaultFunc = maker<[name: string, other?: string]>(variadicFunc([StringType, StringType], StringType, nothing));
const includeFunc = maker<[name: string, data?: Value]>(variadicFunc([StringType, InterfaceType], StringType, nothing));
const timeFunc = maker<[]>(func([], TimeType, nothing));
const hostFunc = maker<[]>(func([], StringType, nothing));
const srvFunc = maker<[service: string, proto: string, name: string]>(
  func([StringType, StringType, StringType], srvsType, nothing),
);

const having = (mark: string) => (context: FuncContext, host: string) =>
  strings(context.deps.lookups.ip(host).filter((ip) => ip.includes(mark)));

/** Functions that ask the store, the machine or the network. */
const ownFuncs: ReadonlyMap<string, Maker> = new Map([
  ['exists', testFunc(({ reader }, key) => reader.exists(key))],
  ['get', pairFunc(({ reader }, key) => reader.get(key) ?? missing(key))],
  ['getv', defaultFunc(({ reader }, key, other) => reader.value(key) ?? other ?? missing(key))],
  ['gets', pairsFunc(({ reader }, pattern) => slice(KVPairsType, reader.gets(pattern)))],
  ['getvs', listFunc(({ reader }, pattern) => strings(reader.getvs(pattern)))],
  ['ls', listFunc(({ reader }, path) => strings(reader.ls(path)))],
  ['lsdir', listFunc(({ reader }, path) => strings(reader.lsdir(path)))],
  // An empty variable counts as not set.
  ['getenv', defaultFunc(({ deps }, name, other) => fromText(deps.env.get(toText(name)) ?? '') || (other ?? ''))],
  ['datetime', timeFunc(({ deps }) => now(deps))],
  ['hostname', hostFunc(() => fromText(hostname()))],
  ['fileExists', testFunc((_means, path) => fileExists(path))],
  ['lookupIP', listFunc(having(''))],
  ['lookupIPV4', listFunc(having('.'))],
  ['lookupIPV6', listFunc(having(':'))],
  ['lookupSRV', srvFunc(({ deps }, service, proto, name) => slice(srvsType, deps.lookups.srv(service, proto, name)))],
  ['lookupIfaceIPV4', nameFunc((_means, name) => interfaceAddress(name, 'IPv4'))],
  ['lookupIfaceIPV6', nameFunc((_means, name) => interfaceAddress(name, 'IPv6'))],
  ['include', includeFunc(({ deps, funcs }, name, data) => deps.includes.render(name, data, funcs))],
]);

/** The names and types of the functions, for compiling; they cannot be called. */
export function declare(keyring: Keyring | null): FuncMap {
  const deps = { ...funcDepsOf(new Map(), { now: () => 0 }), keyring };
  return confdFuncs(new Reader(new View(() => undefined, '/', [], 'subtree')), deps);
}

/** The functions with those for encrypted values, for tools that read templates and do not render. */
export function declaredWithSecrets(): FuncMap {
  const reader = new Reader(new View(() => undefined, '/', [], 'subtree'));
  const secrets = secretFuncs(reader, { decrypt: () => [] });
  return {
    get: (name) => declaredFuncs.get(name) ?? secrets.get(name),
    has: (name) => declaredFuncs.has(name) || secrets.has(name),
    keys: () => [...declaredFuncs.keys(), ...secrets.keys()].values(),
  };
}

/** The functions without those for encrypted values. */
export const declaredFuncs: FuncMap = declare(null);

function missing(key: string): never {
  throw new GoError(`key does not exist: ${key}`);
}

/** False only when the system says that there is no such file: a path that may not be followed counts as existing. */
function fileExists(path: string): boolean {
  try {
    statSync(Buffer.from(path, 'latin1'));
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

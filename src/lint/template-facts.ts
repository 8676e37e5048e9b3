import type { ConfigPlace } from '../config/error.ts';
import { nearest } from '../go/nearest.ts';
import type { FuncMap } from '../go/value.ts';
import { builtins } from '../template/gotext/builtins.ts';
import { secretNames } from '../template/funcs/secret.ts';
import { quoted } from './quoted.ts';
import type { Problem } from './problem.ts';

/** What is known of a template file without running it. */
export interface TemplateFacts {
  readonly problems: readonly Problem[];
  readonly lookups: readonly Lookup[];
  readonly includes: readonly Inclusion[];
  /** The partials that it defines itself. */
  readonly inlines: ReadonlySet<string>;
  /** Whether it takes in files whose names only a run can tell. */
  readonly isOpen: boolean;
}

/** A key, a pattern of keys or a folder that the template asks for; a byte string. */
export interface Lookup {
  readonly func: string;
  readonly key: string;
  readonly place: ConfigPlace;
}

/** A file that the template takes in, by its name (text). */
export interface Inclusion {
  readonly kind: 'include' | 'partial';
  readonly name: string;
  readonly place: ConfigPlace;
  /** Whether there is a text for the case that there is no such file. */
  readonly hasFallback: boolean;
}

/** The functions whose first argument names keys, and how. */
export const lookupKinds: ReadonlyMap<string, 'key' | 'pattern' | 'folder'> = new Map([
  ...(['get', 'getv', 'exists', 'cget', 'cgetv'] as const).map((name) => [name, 'key'] as const),
  ...(['gets', 'getvs', 'cgets', 'cgetvs'] as const).map((name) => [name, 'pattern'] as const),
  ...(['ls', 'lsdir'] as const).map((name) => [name, 'folder'] as const),
]);

/** Whether a template may call the function. */
export function isKnown(name: string, funcs: FuncMap): boolean {
  return funcs.has(name) || builtins.has(name);
}

/** What is said of a function that nobody knows. */
export function unknownFunction(name: string, funcs: FuncMap, place: ConfigPlace): Problem {
  const near = nearest(name, [...funcs.keys(), ...builtins.keys()]);
  const hint = secretNames.has(name)
    ? ': it needs -secret-keyring'
    : near === null
      ? ''
      : `; did you mean ${quoted(near)}?`;
  return { code: 'unknown-function', message: `function ${quoted(name)} not defined${hint}`, ...place };
}

/** What is said of a template that writes the time. */
export function datetimeInOutput(place: ConfigPlace): Problem {
  const message = 'datetime in the output: every pass writes the file anew, and reloads';
  return { code: 'datetime-in-output', message, ...place };
}

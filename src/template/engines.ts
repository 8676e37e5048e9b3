import { variadicFunc } from '../go/value.ts';
import type { Func, FuncMap, Type, Value } from '../go/value.ts';
import type { EngineFor } from './template-cache.ts';
import { builtins } from './gotext/builtins.ts';
import { prepare } from './gotext/indexing.ts';
import { goEngine } from './gotext/template.ts';
import { isTrue, ReflectType } from './gotext/types.ts';
import { loadHandlebars } from './handlebars/engine.ts';

/** The engines for templates below folder (an absolute path): Go's, and Handlebars, which is loaded on first use. */
export function enginesFor(folder: string): EngineFor {
  let loading: ReturnType<typeof loadHandlebars> | undefined;
  return async (path, { engine, strict }) => {
    if ((engine ?? (path.endsWith('.hbs') ? 'handlebars' : 'go')) === 'go') return goEngine;
    loading ??= loadHandlebars({ builtins: functions(), fit });
    return (await loading)({ folder, strict });
  };
}

/** The functions of Go's language for Handlebars, where all arguments are evaluated before a call. */
function functions(): FuncMap {
  const own = new Map([...builtins, ['and', deciding(false)], ['or', deciding(true)]] as [string, Func][]);
  own.delete('call');
  return own;
}

function deciding(stopAt: boolean): Func {
  const decide = (...values: Value[]) => values.find((value) => isTrue(value) === stopAt) ?? values.at(-1);
  return variadicFunc([ReflectType, ReflectType], ReflectType, decide);
}

function fit(value: Value, type: Type): Value {
  return type === ReflectType ? value : prepare(value, type);
}

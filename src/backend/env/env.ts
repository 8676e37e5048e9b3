import { fromText } from '../../go/bytes.ts';
import { type Backend, type Change, type Cursor, selector, type Snapshot } from '../contract/backend.ts';

/**
 * The process environment as a store: /database/host is DATABASE_HOST. As in confd a wanted key brings every variable
 * whose name starts with its own ("/database/host" brings DATABASE_HOSTNAME, too). `env` is text, as process.env has it.
 */
export function envBackend(env: ReadonlyMap<string, string>): Backend {
  return {
    name: 'env',
    canWatch: false,
    selects: 'variable',
    read(keys, signal) {
      return signal.aborted ? Promise.reject(signal.reason as Error) : Promise.resolve(readEnv(env, keys));
    },
    watch: (_keys: readonly string[], _cursor: Cursor, signal: AbortSignal) => silence(signal),
    close: () => Promise.resolve(),
  };
}

function readEnv(env: ReadonlyMap<string, string>, keys: readonly string[]): Snapshot {
  const isSelected = selector(keys, 'variable');
  const pairs = [...env]
    .map(([variable, value]) => [`/${fromText(variable)}`, fromText(value)] as const)
    .filter(([name]) => isSelected(name));
  return { cursor: new Map(), pairs: new Map(pairs) };
}

/** The environment is that of the start: there is never a change. */
async function* silence(signal: AbortSignal): AsyncGenerator<Change> {
  await new Promise((_resolve, reject) => {
    const abort = () => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

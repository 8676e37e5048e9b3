import { fromText, toText } from '../go/bytes.ts';
import { clean } from '../go/path.ts';
import type { Backend, Change, Cursor, Snapshot } from './backend.ts';

/**
 * The process environment as a store: /database/host is DATABASE_HOST. As in confd a wanted key brings every variable
 * whose name starts with its own ("/database/host" brings DATABASE_HOSTNAME, too). `env` is text, as process.env has it.
 */
export function envBackend(env: ReadonlyMap<string, string>): Backend {
  return {
    name: 'env',
    canWatch: false,
    selects: 'text',
    read(keys, signal) {
      return signal.aborted ? Promise.reject(signal.reason as Error) : Promise.resolve(readEnv(env, keys));
    },
    watch: (_keys: readonly string[], _cursor: Cursor, signal: AbortSignal) => silence(signal),
    close: () => Promise.resolve(),
  };
}

function readEnv(env: ReadonlyMap<string, string>, keys: readonly string[]): Snapshot {
  const wanted = keys.map((key) => toText(key.replace(/^\//, '').replaceAll('/', '_')).toUpperCase());
  const pairs = new Map<string, string>();
  for (const [name, value] of env) {
    if (wanted.some((start) => name.startsWith(start)))
      pairs.set(clean(`/${fromText(name.toLowerCase()).replaceAll('_', '/')}`), fromText(value));
  }
  return { cursor: new Map(), pairs };
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

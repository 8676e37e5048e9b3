import { fromText } from '../../go/bytes.ts';
import { type Backend, selector, type SessionItem, type Snapshot } from '../contract/backend.ts';
import { Closing } from '../contract/closing.ts';

/**
 * The process environment as a store: /database/host is DATABASE_HOST. As in confd a wanted key brings every variable
 * whose name starts with its own ("/database/host" brings DATABASE_HOSTNAME, too). `env` is text, as process.env has it.
 */
export function envBackend(env: ReadonlyMap<string, string>): Backend {
  const closing = new Closing();
  return {
    name: 'env',
    canWatch: false,
    selects: 'variable',
    async *open(keys, signal, after): AsyncGenerator<SessionItem, void> {
      signal.throwIfAborted();
      if (after === undefined) yield readEnv(env, keys);
      // It is that of the start: there is never a change.
      await end(closing.signalOf(signal));
    },
    close() {
      closing.close();
      return Promise.resolve();
    },
  };
}

function readEnv(env: ReadonlyMap<string, string>, keys: readonly string[]): Snapshot {
  const isSelected = selector(keys, 'variable');
  const pairs = [...env]
    .map(([variable, value]) => [`/${fromText(variable)}`, fromText(value)] as const)
    .filter(([name]) => isSelected(name));
  return { kind: 'snapshot', cursor: new Map(), pairs: new Map(pairs) };
}

/** Rejects when the signal fires. */
function end(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = () => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

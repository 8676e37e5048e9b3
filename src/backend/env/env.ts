import { fromText } from '../../go/bytes.ts';
import { type Backend, selector, type Snapshot } from '../contract/backend.ts';
import { Closing } from '../contract/closing.ts';
import { openSession } from '../contract/session.ts';
import { aborted } from '../net/deadline.ts';

/**
 * The environment of the process as a store: /database/host is DATABASE_HOST. As in confd, a key selects every variable
 * whose name starts with that of the key ("/database/host" also selects DATABASE_HOSTNAME). `env` is text, as
 * process.env has it.
 */
export function envBackend(env: ReadonlyMap<string, string>): Backend {
  const closing = new Closing();
  return {
    name: 'env',
    canWatch: false,
    selects: 'variable',
    open(keys, signal, after) {
      const ended = closing.signalOf(signal);
      const read = async () => {
        ended.throwIfAborted();
        return Promise.resolve(readEnv(env, keys));
      };
      return openSession(after, read, () => noChanges(ended));
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

/** The environment of a process is read once, at its start: nothing follows until the session ends. */
async function* noChanges(signal: AbortSignal): AsyncGenerator<never, void> {
  yield await aborted(signal);
}

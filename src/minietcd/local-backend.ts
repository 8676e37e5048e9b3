import {
  BackendError,
  resync,
  selected,
  type Backend,
  type Cursor,
  type Edit,
  type Edits,
  type Resync,
  type Snapshot,
} from '../backend/contract/backend.ts';
import { Closing } from '../backend/contract/closing.ts';
import { openSession } from '../backend/contract/session.ts';
import { EtcdError } from './state/errors.ts';
import type { Keyspace } from './state/keyspace.ts';
import type { MiniEtcd } from './server.ts';
import type { Event } from './state/event.ts';
import { isHidden, type TreeNode } from './state/node.ts';

/** The history of the embedded store has one root. */
const root = '/';

/** A server in this process as a backend: no sockets, no copies. Closing the backend does not close the server. */
export function localBackend(server: MiniEtcd): Backend {
  const { keyspace, stopped } = server;
  const closing = new Closing();
  const ensureRunning = (signal: AbortSignal) => {
    signal.throwIfAborted();
    if (stopped.aborted) throw new BackendError('unreachable', 'the embedded store has stopped');
  };
  return {
    name: 'embedded',
    canWatch: true,
    selects: 'subtree',
    open(keys, signal, after) {
      const running = closing.signalOf(signal);
      const read = async (): Promise<Snapshot> => {
        ensureRunning(running);
        const snapshot = { cursor: cursorAt(keyspace.index), pairs: pairsOf(keyspace, keys) };
        return Promise.resolve({ kind: 'snapshot', ...snapshot });
      };
      const follow = async function* (cursor: Cursor): AsyncGenerator<Edits | Resync, void> {
        const ended = AbortSignal.any([running, stopped]);
        let seen = Number(cursor.get(root) ?? 0n);
        for (;;) {
          ensureRunning(running);
          if (seen === keyspace.index) {
            await changed(keyspace, ended);
            continue;
          }
          const item = itemSince(keyspace, keys, seen);
          seen = keyspace.index;
          if (item.kind === 'resync' || item.edits.length > 0) yield item;
          if (item.kind === 'resync') return;
        }
      };
      return openSession(after, read, follow);
    },
    close() {
      closing.close();
      return Promise.resolve();
    },
  };
}

function pairsOf(keyspace: Keyspace, keys: readonly string[]): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const key of keys) collect(keyspace, key, pairs);
  return pairs;
}

function cursorAt(index: number): Cursor {
  return new Map([[root, BigInt(index)]]);
}

/** Adds the files at and below a key. As in etcd, hidden ones are included only if the key itself leads to them. */
function collect(keyspace: Keyspace, key: string, pairs: Map<string, string>): void {
  try {
    collectFrom(keyspace.get(key), key === '/' ? '' : key, pairs);
  } catch (error) {
    const isAbsent = error instanceof EtcdError && (error.code === 100 || error.code === 104);
    if (!isAbsent) throw error;
  }
}

function collectFrom(node: TreeNode, key: string, pairs: Map<string, string>): void {
  if (node.children === null) pairs.set(key, node.value);
  for (const child of node.children?.inOrder() ?? []) {
    if (!isHidden(child.name)) collectFrom(child, `${key}/${child.name}`, pairs);
  }
}

/** Resolves after the next change, or when aborted. */
function changed(keyspace: Keyspace, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      forget();
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const forget = keyspace.onChange(wake);
    signal.addEventListener('abort', wake, { once: true });
    if (signal.aborted) wake();
  });
}

function itemSince(keyspace: Keyspace, keys: readonly string[], seen: number): Edits | Resync {
  const cursor = cursorAt(keyspace.index);
  // A cursor ahead of the store comes from an earlier store.
  if (seen > keyspace.index || seen + 1 < keyspace.oldestEvent) return resync;
  const edits: Edit[] = [];
  for (let index = seen + 1; index <= keyspace.index; index++) {
    const edit = editOf(keyspace.eventAt(index));
    if (edit !== undefined && keys.some((key) => concerns(edit, key))) edits.push(edit);
  }
  return { kind: 'edits', cursor, edits };
}

/** The edit of an event: none for a refresh, and for a directory that was created or got a TTL. */
function editOf(event: Event | undefined): Edit | undefined {
  if (event === undefined || event.refresh) return undefined;
  const { key, value, dir } = event.node;
  if (value !== undefined) return { key, value };
  const tookFile = event.prevNode?.value !== undefined;
  const isRemoval = event.action === 'delete' || event.action === 'compareAndDelete' || event.action === 'expire';
  return isRemoval || (dir && tookFile) ? { key, value: null } : undefined;
}

function concerns(edit: Edit, wanted: string): boolean {
  if (edit.value === null && selected(wanted, edit.key, 'subtree')) return true;
  if (!selected(edit.key, wanted, 'subtree')) return false;
  return wanted === '/' ? !edit.key.includes('/_') : !edit.key.slice(wanted.length).includes('/_');
}

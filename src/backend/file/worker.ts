import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { BackendError } from '../contract/backend.ts';
import { flatten } from './document.ts';

/** Reads a large file in its own thread, so that the agent handles signals and other stores meanwhile. */

interface Task {
  readonly confdTask: 'flatten';
  readonly file: string;
  readonly content: Uint8Array;
}

/** A part of the result, or the error. */
type Answer =
  { readonly pairs: readonly (readonly [string, string])[]; readonly isLast: boolean } | { readonly wrong: string };

const pairsAtOnce = 20_000;

/**
 * Like flatten, in a thread; in this thread when none can be started. Throws the signal's reason when it is aborted.
 */
export async function flattenApart(
  file: string,
  content: Buffer,
  pairs: Map<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const task: Task = { confdTask: 'flatten', file, content };
  const worker = new Worker(new URL(import.meta.url), { workerData: task });
  worker.on('error', () => undefined);
  let hasBegun = false;
  try {
    for (let isLast = false; !isLast;) {
      const [answer] = (await once(worker, 'message', { signal })) as [Answer];
      hasBegun = true;
      if ('wrong' in answer) throw new BackendError('protocol', answer.wrong);
      for (const [key, value] of answer.pairs) pairs.set(key, value);
      isLast = answer.isLast;
      worker.postMessage('more');
    }
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof BackendError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY')
      throw new BackendError('protocol', `${file}: there is not enough memory to read it`, { cause });
    if (hasBegun) throw cause;
    await flatten(file, content, pairs);
  } finally {
    await worker.terminate();
  }
}

/** In the thread: an empty answer at once, then a part of the result for every message. */
async function serve({ file, content }: Task): Promise<void> {
  const port = parentPort!;
  port.postMessage({ pairs: [], isLast: false } satisfies Answer);
  const pairs = new Map<string, string>();
  try {
    await flatten(file, Buffer.from(content.buffer, content.byteOffset, content.length), pairs);
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    port.postMessage({ wrong: error.message } satisfies Answer);
    return;
  }
  const left = [...pairs];
  let sent = 0;
  const send = (): void => {
    const part = left.slice(sent, sent + pairsAtOnce);
    sent += pairsAtOnce;
    port.postMessage({ pairs: part, isLast: sent >= left.length } satisfies Answer);
  };
  port.on('message', send);
}

if (!isMainThread && (workerData as Partial<Task> | null)?.confdTask === 'flatten') void serve(workerData as Task);

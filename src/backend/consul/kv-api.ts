import { BackendError } from '../contract/backend.ts';
import type { HttpAnswer, HttpClient } from '../net/http.ts';
import type { Token } from '../net/token.ts';
import { type Entry, entriesIn, indexOf, namesIn, refusalOf } from './kv-answer.ts';

/** What a question about a prefix found. */
export interface Found<T> {
  /** The index of the last change below the prefix, removals included. */
  readonly index: number;
  readonly found: T;
  /** The token may not read a part of what is there. */
  readonly isFiltered: boolean;
}

/** Keys of consul as its HTTP API has them: without a slash in front. */
export interface KvClients {
  readonly http: HttpClient;
  /** Of its own, so that no other question has used the connections of those that wait. */
  readonly waiting: HttpClient;
}

/** How many questions are asked at a time. */
const lanes = 8;

/** The part of consul's HTTP API that reads keys. */
export class KvApi {
  private free = lanes;
  private readonly queue: (() => void)[] = [];

  constructor(
    private readonly clients: KvClients,
    /** What every question says besides, such as "&ns=team". */
    private readonly scope: string,
    private readonly token: Token | null,
  ) {}

  /** The token of now. What was listed with another one may be all or nothing. */
  get secret(): string {
    return this.token?.secret ?? '';
  }

  /** All entries whose keys begin with prefix. */
  async entries(prefix: string, signal: AbortSignal): Promise<Found<Map<string, Entry>>> {
    const answer = await this.get(`${pathOf(prefix)}?recurse=`, signal);
    const found = await orNone(answer, (there) => entriesIn(there, prefix), new Map<string, Entry>());
    return foundIn(answer, found);
  }

  /** One entry by its key; null where there is none, or none with that very key. Denied where it may not be read. */
  async entry(key: string, signal: AbortSignal): Promise<Entry | null> {
    const answer = await this.get(`${pathOf(key)}?`, signal);
    const found = await orNone(answer, (there) => entriesIn(there, key), new Map<string, Entry>());
    return found.get(key) ?? null;
  }

  /** What is there below prefix: of each key the part up to the next slash, once. */
  async names(prefix: string, signal: AbortSignal): Promise<Found<readonly string[]>> {
    return namesOf(await this.get(namesPath(prefix), signal), prefix);
  }

  /** The same once something below prefix has an index beyond `index`, or after waitMs, and some more of the server's. */
  async nextNames(
    prefix: string,
    { index, waitMs }: { readonly index: number; readonly waitMs: number },
    signal: AbortSignal,
  ): Promise<Found<readonly string[]>> {
    const since = index > 0 ? `&index=${index}&wait=${waitMs}ms` : '';
    const path = `${namesPath(prefix)}${since}${this.scope}`;
    // The server adds up to a sixteenth, so that a fleet does not come back in step.
    return namesOf(await usable(await this.clients.waiting.wait(path, (waitMs * 17) / 16, signal)), prefix);
  }

  close(): void {
    this.clients.http.close();
    this.clients.waiting.close();
  }

  private async get(path: string, signal: AbortSignal): Promise<HttpAnswer> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.queue.push(resolve));
    try {
      return await usable(await this.clients.http.get(`${path}${this.scope}`, signal));
    } finally {
      const next = this.queue.shift();
      if (next === undefined) this.free += 1;
      else next();
    }
  }
}

/** Every byte that a path could not carry is escaped. */
function pathOf(key: string): string {
  return `/v1/kv/${key.replace(/[^A-Za-z0-9\-._~/]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)}`;
}

function namesPath(prefix: string): string {
  return `${pathOf(prefix)}?keys=&separator=%2F`;
}

async function usable(answer: HttpAnswer): Promise<HttpAnswer> {
  if (answer.status !== 200 && answer.status !== 404) throw await refusalOf(answer);
  indexOf(answer);
  return answer;
}

async function orNone<T>(answer: HttpAnswer, read: (answer: HttpAnswer) => Promise<T>, none: T): Promise<T> {
  if (answer.status === 200) return read(answer);
  if ((await answer.body('in time')).trim() === '') return none;
  throw new BackendError(
    'protocol',
    `${answer.node}: the HTTP server there is not consul (it answered 404): check the address`,
  );
}

async function namesOf(answer: HttpAnswer, prefix: string): Promise<Found<readonly string[]>> {
  return foundIn(answer, await orNone(answer, (there) => namesIn(there, prefix), []));
}

function foundIn<T>(answer: HttpAnswer, found: T): Found<T> {
  const isFiltered = answer.headers.get('x-consul-results-filtered-by-acls') === 'true';
  return { index: indexOf(answer), found, isFiltered };
}

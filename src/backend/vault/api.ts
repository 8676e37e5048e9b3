import { BackendError } from '../contract/backend.ts';
import { oneLine } from '../net/error-text.ts';
import type { HttpAnswer, HttpClient } from '../net/http.ts';
import { field, isList, type Json, readJson } from './json.ts';

/** A request to Vault; paths are byte strings without /v1/. */
export interface Question {
  /** GET when left out. */
  readonly method?: 'GET' | 'PUT';
  readonly path: string;
  readonly query?: string;
  /** Text. */
  readonly body?: Readonly<Record<string, string>>;
}

/** What Vault answered: 200, 204, 404, or 405 for a path that cannot be asked so. */
export interface Reply {
  readonly node: string;
  readonly status: number;
  /** null for none. */
  readonly body: Json;
}

/** Vault answered 403: the token is not valid, or has no right. */
export class Forbidden extends BackendError {}

/** Vault answered 400: what was sent is not right. */
export class Refused extends BackendError {}

/** Vault's HTTP API. */
export class VaultApi {
  constructor(
    private readonly http: HttpClient,
    /** Vault Enterprise and OpenBao: in which namespace paths are; '' for the root. */
    private readonly namespace: string,
  ) {}

  /** Asks with a token, '' for none. Throws BackendError; what is not there is a reply with 404. */
  async ask(question: Question, token: string, signal: AbortSignal): Promise<Reply> {
    const { method = 'GET', path, query = '', body } = question;
    const sent = {
      method,
      path: `/v1/${escaped(path)}${query === '' ? '' : `?${query}`}`,
      headers: {
        'X-Vault-Request': 'true',
        ...(token === '' ? {} : { 'X-Vault-Token': token }),
        ...(this.namespace === '' ? {} : { 'X-Vault-Namespace': this.namespace }),
      },
      body: body === undefined ? '' : Buffer.from(JSON.stringify(body), 'utf8').toString('latin1'),
    };
    const answer = await this.http.send(sent, signal);
    const reply = { node: answer.node, status: answer.status, body: await bodyOf(answer) };
    if ([200, 204, 404, 405].includes(reply.status)) return reply;
    throw refusal(question, reply);
  }
}

/** Who answers 404 without Vault's JSON is somebody else: that is no word on whether a secret is there. */
async function bodyOf(answer: HttpAnswer): Promise<Json> {
  const bytes = await answer.body();
  if (answer.status === 204 || (bytes.trim() === '' && answer.status === 200)) return null;
  try {
    const value = readJson(bytes);
    if (value instanceof Map) return value;
  } catch {
    // The parser's own error quotes the text, and with it values.
  }
  throw new BackendError(
    'protocol',
    `${answer.node}: the HTTP server there is not Vault (it answered ${answer.status}): check the address`,
  );
}

function refusal({ method = 'GET', path, query }: Question, { node, status, body }: Reply): BackendError {
  const errors = field(body, 'errors');
  const words = isList(errors) ? errors.filter((error) => typeof error === 'string').join(', ') : '';
  // Several errors are a list, also when they are one.
  const said = oneLine(words.replace(/^1 error occurred:\s*\*\s*/, '').trim());
  // What a policy has to allow.
  const asked = query === undefined ? method : 'LIST';
  const message = `${node}: ${asked} ${oneLine(path)}: ${said === '' ? 'refused' : said} (${status})`;
  if (status === 403) return new Forbidden('denied', message);
  if (status === 401) return new BackendError('denied', message);
  if (status === 400) return new Refused('protocol', message);
  return new BackendError(status === 429 || status === 412 ? 'unreachable' : 'protocol', message);
}

function escaped(path: string): string {
  return path.replace(/[^A-Za-z0-9\-._~/]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

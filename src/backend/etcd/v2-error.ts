import { BackendError } from '../contract/backend.ts';
import { errorIn, indexOf } from './v2-answer.ts';
import { ApiMissing, askForV2 } from './api.ts';
import type { HttpAnswer, HttpClient } from '../net/http.ts';
import { oneLine } from '../net/error-text.ts';

/** An answer other than 200: etcd's error code (0 when etcd did not write it), and the error to throw for it. */
export interface V2Error {
  readonly code: number;
  readonly index: bigint;
  readonly error: BackendError;
}

/** Explains an answer other than 200. */
export async function v2ErrorOf(answer: HttpAnswer, http: HttpClient, signal: AbortSignal): Promise<V2Error> {
  const body = await errorIn(answer);
  const code = body.errorCode ?? 0;
  const index = answer.headers.has('x-etcd-index') ? indexOf(answer) : BigInt(body.index ?? 0);
  if (code === 110 || answer.status === 401 || (answer.status === 403 && code === 0)) {
    const message = `${answer.node}: access denied (${answer.status}); check the user name and the password`;
    return { code, index, error: new BackendError('denied', message) };
  }
  if (code !== 0) {
    return {
      code,
      index,
      error: new BackendError('protocol', `${answer.node}: ${code}: ${oneLine(body.message ?? 'no message')}`),
    };
  }
  if (answer.status === 404 && !(await askForV2(http, signal)).isThere) {
    const message = `${answer.node}: this etcd does not offer the v2 API; use -backend etcdv3, or start etcd (up to 3.5) with --enable-v2`;
    return { code, index, error: new BackendError('protocol', message, { cause: new ApiMissing('no v2 API') }) };
  }
  const message = `${answer.node}: the HTTP server there is not etcd (it answered ${answer.status}): check the address`;
  return { code, index, error: new BackendError('protocol', message) };
}

import { BackendError } from '../contract/backend.ts';
import { errorIn } from './v2-answer.ts';
import type { HttpAnswer, HttpClient } from '../net/http.ts';

/** The node answers, but does not offer the API that it was asked by. */
export class ApiMissing extends Error {
  override readonly name = 'ApiMissing';
}

/** True when what failed, at one node at least, is that it does not offer the API. */
export function isApiMissing(error: unknown): boolean {
  return causesOf(error).some((cause) => cause instanceof ApiMissing);
}

/** What a node says about the v2 API. */
export interface V2Offer {
  readonly node: string;
  /** False only for an etcd that offers no v2 API: it has a version, but no keys. */
  readonly isThere: boolean;
}

/** Asks whether there is a v2 API. BackendError when nobody answers over HTTP. */
export async function askForV2(http: HttpClient, signal: AbortSignal): Promise<V2Offer> {
  const keys = await http.get('/v2/keys/', signal);
  const { node, status } = keys;
  if (status !== 404 || (await errorIn(keys)).errorCode !== undefined) return { node, isThere: true };
  return { node, isThere: !(await isVersionOfEtcd(await http.get('/version', signal))) };
}

/** True when an answer to /version is an etcd's: JSON since 2.1, before that "etcd 0.4.6". */
export async function isVersionOfEtcd(answer: HttpAnswer): Promise<boolean> {
  if (answer.status !== 200) return false;
  const body = await answer.body();
  return body.startsWith('etcd ') || /"(?:etcdserver|releaseVersion)"\s*:\s*"/.test(body.slice(0, 1000));
}

/** What Node says of a server that expects HTTP/2 where HTTP/1.1 is spoken. */
const strangers = /^(ECONNRESET|EPIPE|HPE_.*|ERR_SSL_.*APPLICATION_PROTOCOL)$/;

/** True when a request over HTTP/1.1 failed as it does at a port that takes gRPC only. */
export function mayBeGrpcOnly(error: unknown): boolean {
  return causesOf(error).some((cause) => strangers.test(String((cause as NodeJS.ErrnoException | undefined)?.code)));
}

/** What each node that was asked failed of. */
function causesOf(error: unknown): readonly unknown[] {
  if (!(error instanceof BackendError)) return [];
  return Array.isArray(error.cause) ? (error.cause as { cause: unknown }[]).map(({ cause }) => cause) : [error.cause];
}

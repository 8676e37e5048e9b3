import { BackendError } from '../contract/backend.ts';
import { errorIn } from './v2-answer.ts';
import type { HttpAnswer, HttpClient } from '../net/http.ts';

/** The node answers, but does not offer the API that was used. */
export class ApiMissing extends Error {
  override readonly name = 'ApiMissing';
}

/** True when the failure of at least one node is that it does not offer the API. */
export function isApiMissing(error: unknown): boolean {
  return causesOf(error).some((cause) => cause instanceof ApiMissing);
}

/** Whether a node offers the v2 API. */
export interface V2Offer {
  readonly node: string;
  /** False only for an etcd without the v2 API: it answers /version, but has no keys. */
  readonly isThere: boolean;
}

/** Asks whether there is a v2 API. BackendError when no node answers over HTTP. */
export async function askForV2(http: HttpClient, signal: AbortSignal): Promise<V2Offer> {
  const keys = await http.get('/v2/keys/', signal);
  const { node, status } = keys;
  if (status !== 404 || (await errorIn(keys)).errorCode !== undefined) return { node, isThere: true };
  return { node, isThere: !(await isVersionOfEtcd(await http.get('/version', signal))) };
}

/** True when an answer to /version comes from an etcd: JSON since 2.1, before that "etcd 0.4.6". */
export async function isVersionOfEtcd(answer: HttpAnswer): Promise<boolean> {
  if (answer.status !== 200) return false;
  const body = await answer.body();
  return body.startsWith('etcd ') || /"(?:etcdserver|releaseVersion)"\s*:\s*"/.test(body.slice(0, 1000));
}

/** Node's error codes for a server that expects HTTP/2 from an HTTP/1.1 client. */
const http2OnlyCodes = /^(ECONNRESET|EPIPE|HPE_.*|ERR_SSL_.*APPLICATION_PROTOCOL)$/;

/** True when an HTTP/1.1 request failed as it does at a port for gRPC only. */
export function mayBeGrpcOnly(error: unknown): boolean {
  return causesOf(error).some((cause) =>
    http2OnlyCodes.test(String((cause as NodeJS.ErrnoException | undefined)?.code)),
  );
}

/** The failure of each node. */
function causesOf(error: unknown): readonly unknown[] {
  if (!(error instanceof BackendError)) return [];
  return Array.isArray(error.cause) ? (error.cause as { cause: unknown }[]).map(({ cause }) => cause) : [error.cause];
}

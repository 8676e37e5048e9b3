import type { ServiceError } from '@grpc/grpc-js';
import { BackendError } from '../contract/backend.ts';
import { oneLine } from '../net/error-text.ts';
import { ApiMissing } from './api.ts';

/** A refusal of an etcd. */
export interface GrpcError {
  /** gRPC's status code. */
  readonly status: number;
  readonly details: string;
}

const invalidArgument = 3;
const permissionDenied = 7;
const resourceExhausted = 8;
const outOfRange = 11;
const unimplemented = 12;
const unauthenticated = 16;

/** Every other status means that the node could not answer now, and another one may. */
const answers: ReadonlySet<number> = new Set([
  invalidArgument,
  5,
  6,
  permissionDenied,
  9,
  outOfRange,
  unimplemented,
  unauthenticated,
]);

/** The refusal in a failed call, or null when the node gave no answer. */
export function grpcErrorIn({ code, details }: Pick<ServiceError, 'code' | 'details'>): GrpcError | null {
  const refusal = { status: code, details };
  return answers.has(code) || isTooLong(refusal) ? refusal : null;
}

const tooLong = /larger than max \(\d+ vs\.? (\d+)\)/;

/** True when the answer is longer than this client, or a proxy, accepts: that is the same for every node. */
export function isTooLong({ status, details }: GrpcError): boolean {
  return status === resourceExhausted && tooLong.test(details);
}

/** The refusal in a cancelled watch. */
export function watchErrorOf(reason: string): GrpcError {
  const status = /permission denied/.test(reason)
    ? permissionDenied
    : /auth token/.test(reason)
      ? unauthenticated
      : invalidArgument;
  return { status, details: reason };
}

/** True when a new token may help: this one has expired, or was issued before permissions changed. */
export function asksForToken({ status, details }: GrpcError): boolean {
  return (
    status === unauthenticated || /invalid auth token|revision of auth store is old|user name is empty/.test(details)
  );
}

/** True when the user has no permission. */
export function deniesPermission({ status, details }: GrpcError): boolean {
  return status === permissionDenied || details.includes('permission denied');
}

/** True when the requested revision is not in the history of the store (any more, or yet). */
export function outsideHistory({ status, details }: GrpcError): boolean {
  return status === outOfRange && /required revision/.test(details);
}

/** True when authentication is off, so that everybody may read. */
export function authIsOff({ details }: GrpcError): boolean {
  return details.includes('authentication is not enabled');
}

/** The refusal as an error for the operator. */
export function toBackendError(node: string, { status, details }: GrpcError): BackendError {
  const denied = (words: string) => new BackendError('denied', `${node}: ${words}`);
  if (/authentication failed/.test(details)) return denied('access denied: user name or password is wrong');
  if (/user name is empty/.test(details)) return denied('access denied: etcd requires a user name and a password');
  if (deniesPermission({ status, details }))
    return denied('permission denied: the user needs read access to all keys of the resources');
  if (status === unauthenticated) return denied('access denied: etcd refuses the token that it issued');
  if (isTooLong({ status, details })) {
    return new BackendError('protocol', `${node}: the answer is longer than ${tooLong.exec(details)![1]} bytes`);
  }
  if (status === unimplemented) {
    return new BackendError('protocol', `${node}: this etcd does not offer the v3 API; use -backend etcdv2`, {
      cause: new ApiMissing(details),
    });
  }
  const words = oneLine(details);
  return new BackendError('protocol', `${node}: ${words === '' ? `gRPC status ${status}` : words}`);
}

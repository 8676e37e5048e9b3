/** Where a server listens; port 0 takes any free one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** An address that cannot be listened on, or a certificate that cannot be used there; the message names it. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** Where a server listens; port 0 means any free port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** An address or certificate that cannot be used; the message names it. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

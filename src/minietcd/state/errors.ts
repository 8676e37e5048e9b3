interface Meaning {
  readonly message: string;
  readonly status: number;
}

/** The error codes of the v2 API that a single node can return, with etcd's message and HTTP status. */
const meanings = new Map<number, Meaning>([
  [100, { message: 'Key not found', status: 404 }],
  [101, { message: 'Compare failed', status: 412 }],
  [102, { message: 'Not a file', status: 403 }],
  [104, { message: 'Not a directory', status: 400 }],
  [105, { message: 'Key already exists', status: 412 }],
  [107, { message: 'Root is read only', status: 400 }],
  [108, { message: 'Directory not empty', status: 403 }],
  [201, { message: 'PrevValue is Required in POST form', status: 400 }],
  [202, { message: 'The given TTL in POST form is not a number', status: 400 }],
  [203, { message: 'The given index in POST form is not a number', status: 400 }],
  [209, { message: 'Invalid field', status: 400 }],
  [210, { message: 'Invalid POST form', status: 400 }],
  [211, { message: 'Value provided on refresh', status: 400 }],
  [212, { message: 'A TTL must be provided on refresh', status: 400 }],
  [300, { message: 'Raft Internal Error', status: 500 }],
  [401, { message: 'The event in requested index is outdated and cleared', status: 400 }],
]);

/** An error in etcd's terms; it becomes the JSON body of the answer. */
export class EtcdError extends Error {
  override readonly name = 'EtcdError';
  readonly status: number;

  constructor(
    readonly code: number,
    /** The subject of the error (etcd's "cause"): a byte string, '' for none. */
    readonly about: string,
    /** The index of the store; 0 when the request did not reach the store. */
    readonly index: number,
  ) {
    const { message, status } = meanings.get(code)!;
    super(message);
    this.status = status;
  }
}

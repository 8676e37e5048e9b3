import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** So many requests of one connection may wait for their turn before it is read no further. */
const maxQueued = 100;

/** A request that is answered, or waits until those before it are. */
interface QueuedRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** The requests of a connection that have no answer yet, the oldest first. */
interface Line {
  readonly turns: QueuedRequest[];
  /** What came after them and is no request. */
  fault?: NodeJS.ErrnoException;
}

/**
 * Requests that come at once on one connection are carried out one after the other, as in Go: a read sees the write
 * before it. Node would start them all, and tell of broken bytes in the midst of an answer.
 */
export class PipelineQueue {
  private readonly lines = new WeakMap<Duplex, Line>();

  constructor(private readonly answer: RequestListener) {}

  /** Answers a request, at once where none is before it. */
  take(req: IncomingMessage, res: ServerResponse): void {
    const { socket } = req;
    if (!socket.writable) return; // an answer before it ended the connection
    let line = this.lines.get(socket);
    if (line === undefined) this.lines.set(socket, (line = { turns: [] }));
    const { turns } = line;
    turns.push({ req, res });
    res.on('close', () => {
      turns.shift();
      if (turns.length === 0) this.goOn(socket, line);
      else
        setImmediate(() => {
          this.goOn(socket, line); // not at once: a thousand requests in one packet would keep everyone else waiting
        });
    });
    if (turns.length === 1) this.answer(req, res);
    else if (turns.length > maxQueued) socket.pause();
  }

  /** Refuses what is no request, once those before it are answered; one whose body it broke gets no other answer. */
  refuse(fault: NodeJS.ErrnoException, socket: Duplex): void {
    const line = this.lines.get(socket);
    if (line !== undefined && hasWhole(line.turns) && isHttp(fault)) line.fault = fault;
    else if (line?.turns[0]?.res.writableEnded === true) socket.end(() => socket.destroy());
    else refuseBytes(fault, socket);
  }

  private goOn(socket: Duplex, { turns, fault }: Line): void {
    if (!socket.writable) return;
    if (turns.length === maxQueued) socket.resume();
    if (fault !== undefined && !hasWhole(turns)) refuseBytes(fault, socket);
    else if (turns.length > 0) this.answer(turns[0]!.req, turns[0]!.res);
  }
}

function hasWhole(turns: readonly QueuedRequest[]): boolean {
  return turns.some(({ req }) => req.complete);
}

const refusals = new Map([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
]);

/** What is no fault of HTTP is one of TLS, or of the connection. */
function isHttp({ code }: NodeJS.ErrnoException): boolean {
  return /^(HPE|ERR_HTTP)_/.test(code ?? '');
}

/** Bytes that are no HTTP request: one line of answer where the socket still takes it. */
function refuseBytes(fault: NodeJS.ErrnoException, socket: Duplex): void {
  if (fault.code === 'HPE_CLOSED_CONNECTION') return; // more after a request that said it was the last
  if (!isHttp(fault) || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = refusals.get(fault.code!) ?? '400 Bad Request';
  const head = `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n`;
  socket.end(`${head}${status}`, () => socket.destroy());
}

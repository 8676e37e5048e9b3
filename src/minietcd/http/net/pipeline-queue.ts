import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** How many requests of one connection may wait before the server stops reading from it. */
const maxQueued = 100;

/** A request that is being answered or waits for those before it. */
interface QueuedRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** The unanswered requests of a connection, the oldest first. */
interface Line {
  readonly turns: QueuedRequest[];
  /** Invalid bytes after them. */
  fault?: NodeJS.ErrnoException;
}

/**
 * Processes the pipelined requests of a connection one after the other, as Go does: a read sees the write before it.
 * Node would start all of them, and would report invalid bytes in the middle of an answer.
 */
export class PipelineQueue {
  private readonly lines = new WeakMap<Duplex, Line>();

  constructor(private readonly answer: RequestListener) {}

  /** Takes a request; it is answered at once if none is before it. */
  take(req: IncomingMessage, res: ServerResponse): void {
    const { socket } = req;
    if (!socket.writable) return; // an earlier answer ended the connection
    let line = this.lines.get(socket);
    if (line === undefined) this.lines.set(socket, (line = { turns: [] }));
    const { turns } = line;
    turns.push({ req, res });
    res.on('close', () => {
      turns.shift();
      if (turns.length === 0) this.goOn(socket, line);
      else
        setImmediate(() => {
          this.goOn(socket, line); // not at once: a thousand requests in one packet would block everything else
        });
    });
    if (turns.length === 1) this.answer(req, res);
    else if (turns.length > maxQueued) socket.pause();
  }

  /**
   * Refuses invalid bytes after the requests before them are answered; a request whose body is invalid gets no other
   * answer.
   */
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

/** Other errors are errors of TLS or of the connection. */
function isHttp({ code }: NodeJS.ErrnoException): boolean {
  return /^(HPE|ERR_HTTP)_/.test(code ?? '');
}

/** Answers bytes that are not an HTTP request with one line, if the socket can still be written. */
function refuseBytes(fault: NodeJS.ErrnoException, socket: Duplex): void {
  if (fault.code === 'HPE_CLOSED_CONNECTION') return; // data after a request that was declared to be the last one
  if (!isHttp(fault) || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = refusals.get(fault.code!) ?? '400 Bad Request';
  const head = `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n`;
  socket.end(`${head}${status}`, () => socket.destroy());
}

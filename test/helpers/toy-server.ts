import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP server whose every answer the test writes. */
export class ToyServer {
  private readonly server: Server;
  readonly seen: IncomingMessage[] = [];

  private constructor(answer: (request: IncomingMessage, response: ServerResponse) => void) {
    this.server = createServer((request, response) => {
      this.seen.push(request);
      answer(request, response);
    });
  }

  static async start(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<ToyServer> {
    const toy = new ToyServer(answer);
    await new Promise<void>((resolve) => toy.server.listen(0, '127.0.0.1', resolve));
    return toy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

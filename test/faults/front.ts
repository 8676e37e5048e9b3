import { createServer, type IncomingMessage, request as ask, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers a request in the store's place; false leaves it to the store. */
export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean;

/** An HTTP front before a store that tells lies when it is told to. */
export class Front {
  intercept: Intercept = () => false;
  asked = 0;
  private readonly server: Server;

  private constructor(private readonly target: number) {
    this.server = createServer((request, response) => {
      this.asked += 1;
      if (!this.intercept(request, response)) this.forward(request, response);
    });
  }

  static async to(target: number): Promise<Front> {
    const front = new Front(target);
    await new Promise<void>((resolve) => front.server.listen(0, '127.0.0.1', resolve));
    return front;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Breaks what is open, so that what comes next is asked anew. */
  cut(): void {
    this.server.closeAllConnections();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private forward(request: IncomingMessage, response: ServerResponse): void {
    const { method, url: path, headers } = request;
    const far = ask({ port: this.target, host: '127.0.0.1', method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      response.flushHeaders();
      answer.on('error', () => response.destroy()).pipe(response);
    });
    far.on('error', () => response.destroy());
    response.on('close', () => far.destroy());
    request.pipe(far);
  }
}

import { Agent, request } from 'node:http';
import { Agent as TlsAgent, request as requestTls } from 'node:https';
import { BackendError } from '../../backend/contract/backend.ts';
import { isNoTls } from '../../backend/net/error-text.ts';
import { TlsSource, type TlsFiles } from '../../backend/net/tls.ts';
import { speaksTls } from '../../backend/net/tls-probe.ts';
import { maskUserinfo } from '../../go/redact.ts';

/** A server that cannot be reached, or that refuses; the message names it. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError';
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Any etcd with the v2 API, over one connection. */
export class Remote {
  /** The URL without credentials. */
  readonly label: string;

  private constructor(
    private readonly url: string,
    private readonly agent: Agent,
    private readonly patienceMs: number,
  ) {
    this.label = maskUserinfo(url);
  }

  /** Gives up on a server that sends nothing for patienceMs. Throws RemoteError that names the URL or file. */
  static async open(text: string, files: TlsFiles, patienceMs: number): Promise<Remote> {
    const url = text.replace(/\/+$/, '');
    if (!/^https?:\/\/[^/]+$/.test(url) || !URL.canParse(url)) {
      throw new RemoteError(`-url ${maskUserinfo(text)}: not http://host:port`);
    }
    const options = { keepAlive: true, maxSockets: 1 };
    if (!url.startsWith('https:')) return new Remote(url, new Agent(options), patienceMs);
    try {
      const tls = await TlsSource.open(files);
      return new Remote(url, new TlsAgent({ ...options, ...(await tls.current()) }), patienceMs);
    } catch (cause) {
      if (!(cause instanceof BackendError)) throw cause;
      throw new RemoteError(cause.message, { cause });
    }
  }

  close(): void {
    this.agent.destroy();
  }

  /** A request below /v2/keys. Throws RemoteError. */
  ask(method: string, path: string, form?: string): Promise<Answer> {
    const headers = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    const send = this.url.startsWith('https:') ? requestTls : request;
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        reject(new RemoteError(`request to ${this.label} failed: ${why}`));
      };
      const options = { method, headers, agent: this.agent, timeout: this.patienceMs };
      const call = send(`${this.url}/v2/keys${path}`, options, (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size <= maxBytes) chunks.push(chunk);
          else {
            fail(`its answer is longer than ${maxBytes} bytes`);
            call.destroy();
          }
        });
        answer.on('error', () => {
          fail('its answer was cut off');
        });
        answer.on('end', () => {
          resolve({ status: answer.statusCode!, body: Buffer.concat(chunks).toString('utf8') });
        });
      });
      call.on('timeout', () => {
        fail(`it sent nothing for ${this.patienceMs / 1000} s`);
        call.destroy();
      });
      call.on('error', (cause: NodeJS.ErrnoException) => {
        void this.reasonOf(cause).then(fail);
      });
      call.end(form);
    });
  }

  /** A server that expects TLS closes a plain connection. */
  private async reasonOf(cause: NodeJS.ErrnoException): Promise<string> {
    const { protocol, hostname, port } = new URL(this.url);
    if (protocol === 'http:' && /^(?:ECONNRESET|EPIPE|HPE_.*)$/.test(cause.code ?? '')) {
      const place = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) };
      if (await speaksTls(place, Math.min(this.patienceMs, 1000))) return 'it uses TLS: write https://';
    }
    return reasonOf(cause);
  }

  /** The error text of an answer, cut to fit into a line. */
  refusal(what: string, { status, body }: Answer): RemoteError {
    const [line = ''] = body.trim().split('\n');
    return new RemoteError(`${this.label} refuses ${what}: ${status} ${line.slice(0, 200)}`);
  }
}

/** The longest possible string. */
const maxBytes = 500_000_000;

function reasonOf(cause: NodeJS.ErrnoException): string {
  const { code, message } = cause;
  if (code === 'ECONNREFUSED') return 'no program listens there';
  if (code === 'ENOTFOUND') return 'no such host';
  if (/^HPE_/.test(code ?? '')) return 'it is not an HTTP server';
  if (isNoTls(cause)) return 'it does not use TLS: write http://';
  // If a name has several addresses, each has an error of its own.
  return message === '' ? (code ?? 'the connection failed') : message;
}

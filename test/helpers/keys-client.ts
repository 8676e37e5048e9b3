import { request } from 'node:http';

/** A bare client of etcd's v2 keys, for changing a store from a test. Keys and values are bytes. */
export class KeysClient {
  constructor(private readonly url: string) {}

  put(key: string, value: string, more: Record<string, string> = {}): Promise<number> {
    const fields = Object.entries({ ...more, value }).map(([name, text]) => `${name}=${escaped(text)}`);
    return this.send('PUT', key, fields.join('&'));
  }

  remove(key: string): Promise<number> {
    return this.send('DELETE', `${key}?recursive=true`, '');
  }

  mkdir(key: string, more: Record<string, string> = {}): Promise<number> {
    const fields = Object.entries({ ...more, dir: 'true' }).map(([name, text]) => `${name}=${escaped(text)}`);
    return this.send('PUT', key, fields.join('&'));
  }

  /** The status of the answer. */
  private send(method: string, key: string, body: string): Promise<number> {
    const [path = '', query] = key.split('?');
    const target = `${this.url}/v2/keys${escaped(path).replaceAll('%2F', '/')}${query === undefined ? '' : `?${query}`}`;
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': body.length };
    return new Promise((resolve, reject) => {
      const sent = request(target, { method, headers }, (response) => {
        response.resume().on('end', () => {
          resolve(response.statusCode!);
        });
      });
      sent.on('error', reject).end(body, 'latin1');
    });
  }
}

function escaped(bytes: string): string {
  return bytes.replace(
    /[^A-Za-z0-9_.~-]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

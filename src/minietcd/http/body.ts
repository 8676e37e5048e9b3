import type { IncomingMessage } from 'node:http';
import { EtcdError } from '../errors.ts';
import type { Site } from '../site.ts';

/** The longest body, as in Go. */
const longestBody = 10 * 1024 * 1024;

/**
 * The bytes of a request's body. Throws EtcdError 210 for one that is too long, 300 when the bodies of all clients are,
 * and a plain Error when the client leaves.
 */
export function readBody(site: Site, req: IncomingMessage): Promise<string> {
  const { load, limits } = site;
  let body = '';
  let refused = false;
  // Listens instead of iterating, which would cut the connection before a refusal is sent.
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) => {
      load.arriving -= body.length;
      body = '';
      refused = true;
      reject(error);
    };
    req.on('data', (chunk: Buffer) => {
      if (refused) return;
      if (body.length + chunk.length > longestBody) refuse(new EtcdError(210, 'http: POST too large', 0));
      else if (load.arriving + chunk.length > limits.arriving) {
        refuse(new EtcdError(300, 'too many bytes are arriving at once: try again later', 0));
      } else {
        load.arriving += chunk.length;
        body += chunk.toString('latin1');
      }
    });
    req.on('end', () => {
      if (refused) return;
      load.arriving -= body.length;
      refused = true;
      resolve(body);
    });
    req.on('close', () => {
      if (!refused) refuse(new Error('the client left'));
    });
  });
}

import type { IncomingMessage } from 'node:http';
import { GoMap } from '../../../go/value.ts';
import { decodeValue } from '../../../go/json.ts';
import { maxJsonBytes, readBody } from '../net/body.ts';
import { jsonString } from '../net/escapes.ts';
import type { Reply, ServerContext } from '../net/server-context.ts';

/** Go's names of levels, and whether debug lines are logged. */
const levels = new Map(
  ['DEBUG', 'INFO', 'WARN', 'WARNING', 'ERROR', 'CRITICAL'].map((name) => [name, name === 'DEBUG']),
);

/** Answers /config/local/log, which changes the log level of a running server. */
export async function answerLogLevel(site: ServerContext, req: IncomingMessage, reply: Reply): Promise<void> {
  if (req.method !== 'PUT') {
    reply.refuseMethod('PUT');
    return;
  }
  const level = levelIn(await readBody(site, req, maxJsonBytes));
  if (level === undefined) {
    reply.send(400, 'application/json', '{"message":"Invalid json body"}');
    return;
  }
  const verbose = levels.get(level.toUpperCase());
  if (verbose === undefined) {
    reply.send(400, 'application/json', `{"message":${jsonString(`Invalid log level ${level}`)}}`);
    return;
  }
  site.setVerbose(verbose);
  reply.send(204, '', '');
}

/** The level in a JSON object; '' for none, undefined when it is not such an object. */
function levelIn(body: string): string | undefined {
  try {
    const value = decodeValue(body);
    const level = value instanceof GoMap ? (value.entries?.get('Level') ?? '') : undefined;
    return typeof level === 'string' ? level : undefined;
  } catch {
    return undefined;
  }
}

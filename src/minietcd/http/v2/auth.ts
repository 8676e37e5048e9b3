import type { IncomingMessage } from 'node:http';
import type { Value } from '../../../go/value.ts';
import { maxJsonBytes, readBody } from '../net/body.ts';
import { jsonString } from '../net/escapes.ts';
import { asObject, asStrings, readObject, type Fields } from '../net/json-object.ts';
import type { Reply, ServerContext } from '../net/server-context.ts';

const json = 'application/json';
const top = '/v2/auth/';

/** The only role of a store without passwords. */
const rootRole = '{"role":"root","permissions":{"kv":{"read":["/*"],"write":["/*"]}}}';

const advice = 'mini-etcd has no users and no roles: use TLS with client certificates (-ca-file)';

type Said = readonly [status: number, message: string];

/**
 * Answers /v2/auth as an etcd without users. Requests that would create a user or a role are refused with advice, so
 * passwords can never be turned on. The status is 409, because clients repeat a request after a 5xx and hide its
 * message.
 */
export async function answerAuth(site: ServerContext, req: IncomingMessage, path: string, reply: Reply): Promise<void> {
  const [kind = '', ...rest] = path.slice(top.length).split('/');
  const names = rest.filter((name) => name !== '');
  const method = req.method!;
  const isList = kind === 'users' || kind === 'roles';
  if (!isList && path !== `${top}enable`) reply.refuse(404, '404 page not found');
  else if (names.length > 1) say(reply, [400, 'Invalid path']);
  else if (!(isList && names.length === 0 ? ['GET'] : ['GET', 'PUT', 'DELETE']).includes(method)) {
    reply.refuseMethod(isList && names.length === 0 ? 'GET' : 'GET,PUT,DELETE');
  } else {
    reply.add('X-Etcd-Cluster-Id', site.member.clusterId);
    const page = method === 'GET' ? pages.get([kind, ...names].join('/')) : undefined;
    if (page !== undefined) reply.send(200, json, `${page}\n`);
    else if (!isList) say(reply, refuseSwitch(method));
    else say(reply, await refuse(kind, names[0]!, method, () => readBody(site, req, maxJsonBytes)));
  }
}

const pages = new Map([
  ['enable', '{"enabled":false}'],
  ['users', '{"users":null}'],
  ['roles', `{"roles":[${rootRole}]}`],
  ['roles/root', rootRole],
]);

function say(reply: Reply, [status, message]: Said): void {
  reply.send(status, json, `{"message":${jsonString(message)}}`);
}

function refuseSwitch(method: string): Said {
  if (method === 'DELETE') return [409, 'auth: already disabled'];
  return [409, 'auth: No root user available, please create one'];
}

/** etcd's answer for a user or role that does not exist, and for a change of the root role. */
async function refuse(kind: string, name: string, method: string, body: () => Promise<string>): Promise<Said> {
  const isUser = kind === 'users';
  const what = isUser ? 'User' : 'Role';
  const isRoot = !isUser && name === 'root';
  const missing: Said = [404, `auth: ${what} ${name} does not exist.`];
  const fixed: Said = [403, `auth: Cannot modify role ${name}: is root role.`];
  if (method === 'GET') return missing;
  if (method === 'DELETE') {
    if (isRoot) return fixed;
    return [404, isUser ? `auth: User ${name} does not exist` : `auth: Role ${name} doesn't exist.`];
  }
  const request = read(await body(), isUser ? readUser : readRole);
  if (request === undefined) return [400, 'Invalid JSON in request body.'];
  if (request.name !== name) return [400, `${what} JSON name does not match the name in the URL`];
  if (isRoot) return fixed;
  if (request.isChange) return missing;
  return request.isBare ? [400, `auth: Cannot create user ${name} with an empty password`] : [409, advice];
}

/** The content of a body. */
interface UserRequest {
  readonly name: string;
  /** True for a grant or revoke, which only an existing user or role can have. */
  readonly isChange: boolean;
  /** True for a user without a password. */
  readonly isBare: boolean;
}

function readUser(fields: Fields): UserRequest | undefined {
  const [name, password] = ['user', 'password'].map((key) => fields.get(key) ?? '');
  const [roles, grant, revoke] = ['roles', 'grant', 'revoke'].map((key) => asStrings(fields.get(key)));
  if (roles === undefined || grant === undefined || revoke === undefined) return undefined;
  if (typeof name !== 'string' || typeof password !== 'string') return undefined;
  return { name, isChange: grant.length + revoke.length > 0, isBare: password === '' };
}

function readRole(fields: Fields): UserRequest | undefined {
  const name = fields.get('role') ?? '';
  const [paths, grant, revoke] = ['permissions', 'grant', 'revoke'].map((key) => countPaths(fields.get(key)));
  if (paths === undefined || grant === undefined || revoke === undefined) return undefined;
  return typeof name === 'string' ? { name, isChange: grant + revoke > 0, isBare: false } : undefined;
}

/** How many paths {"kv":{"read":[...],"write":[...]}} has; undefined for another type. */
function countPaths(value: Value | undefined): number | undefined {
  const permissions = asObject(value);
  const kv = permissions === undefined ? undefined : asObject(permissions.get('kv'));
  if (kv === undefined) return undefined;
  const [read, write] = ['read', 'write'].map((key) => asStrings(kv.get(key)));
  return read === undefined || write === undefined ? undefined : read.length + write.length;
}

function read(text: string, request: (fields: Fields) => UserRequest | undefined): UserRequest | undefined {
  try {
    return request(readObject(text));
  } catch {
    return undefined;
  }
}

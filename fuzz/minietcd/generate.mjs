import { manner } from './manners.mjs';
import { randomFrom } from './random.mjs';

const names = ['a', 'b', 'c', '_h', '_', '%ff', '%C3%A9', '%20', '...', 'a+b', '%3C%26', '%00', '%2F', '%E2%80%A8'];
const oddPaths = [
  '//',
  '/./',
  '/../',
  '/%2e%2e/',
  '/%2F/',
  '/a//b',
  '/%zz',
  '/%',
  '/a/',
  '/?',
  '/a?b?c',
  '/%7e~',
  '/;x',
];
const pages = [
  '/version',
  '/health',
  '*',
  '/v2/auth/users',
  '/v2/auth/users/x',
  '/v2/auth/roles',
  '/v2/auth/roles/root',
  '/v2/auth/roles/x/y',
  '/v2/auth/enable',
  '/v2/members/nobody',
  '/v2/members/12',
  '/',
  '/v2',
  '/v2/',
  '/v2/keysx',
  '/v2/stats',
  '/version/',
  '/V2/keys',
  '/v2/members/x/y',
  '/v2/machines/',
  '/favicon.ico',
];
const values = [
  '',
  '1',
  '2',
  'x%3Dy',
  '%ff%fe',
  'a+b',
  '%C3%A9',
  '%3Cb%3E%26',
  '%F0%9F%98%80',
  '%E2%80%A9',
  '%zz',
  'a;b',
  '%',
];
const bools = ['true', 'false', '1', '0', 't', 'F', 'yes', '', 'TRUE', 'tRue', '%74rue'];
const numbers = [
  '0',
  '1',
  '{index}',
  '{index-1}',
  '{index-2}',
  '{index+1}',
  '-1',
  '',
  'x',
  '007',
  '18446744073709551616',
  '1.5',
  '%31',
];
const ttls = ['100', '200', '', '4000000000', '-1', 'x', '0000300', '1e3', '+5', '99999999999999999999'];
const types = [
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded; charset=utf-8',
  'text/plain',
  'application/json',
  'APPLICATION/X-WWW-FORM-URLENCODED',
  'a b',
  '/',
  'text/plain; a=b; a=b',
  'multipart/form-data; boundary=x',
  ';',
  'x/y; a*0=b',
];

const methods = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS'];
const usualMethods = [
  ...['GET', 'GET', 'GET', 'GET', 'HEAD', 'HEAD', 'POST', 'POST', 'DELETE', 'DELETE', 'DELETE', 'DELETE'],
  ...['PUT', 'PUT', 'PUT', 'PUT', 'PUT', 'PUT', 'PUT', 'PUT', 'PUT', 'PUT', 'PUT', 'PUT', 'OPTIONS', 'PATCH', 'TRACE'],
];

/** A sequence of requests; the keys of all of them are below the tree that each sequence has for itself. */
export function generate(seed) {
  const random = randomFrom(seed);
  const steps = random.times(3 + random.below(18), () => step(random)).flat();
  return random.chance(0.3) ? [listen(random), ...steps] : steps;
}

function step(random) {
  if (random.chance(0.05)) return [listen(random)];
  if (random.chance(0.06)) return random.times(2 + random.below(4), () => pipelined(request(random)));
  const asked = request(random);
  const how = asked.watch ? undefined : manner(random, asked);
  return [how === undefined ? asked : { ...asked, manner: how }];
}

/**
 * A request that is sent without waiting for the answers to those before it.
 * @param {import('./manners.mjs').Request} request
 */
function pipelined(request) {
  const { watch, ...asked } = request;
  const target = watch ? '/version' : asked.target;
  return { ...asked, target, patience: 0, manner: { together: true } };
}

/** @returns {import('./manners.mjs').Request} */
function request(random) {
  const kind = random.below(100);
  if (kind < 3) return { method: random.pick(methods), target: random.pick(pages), type: '', body: '' };
  if (kind < 8) {
    const target = `/v2/keys{root}${path(random)}${random.pick(oddPaths)}${query(random, 'GET')}`;
    return { method: random.pick(methods), target, type: types[0], body: form(random) };
  }
  if (kind < 12) return watch(random);
  const method = random.pick(usualMethods);
  const hasBody = method === 'PUT' || method === 'POST' || random.chance(0.1);
  const type = random.chance(0.9) ? types[0] : random.pick(types);
  const target = `/v2/keys{root}${path(random)}${query(random, method)}`;
  return { method, target, type, body: hasBody ? form(random) : '' };
}

/** Only history is asked for, or nobody could say when the answer is whole. */
function watch(random) {
  const recursive = random.chance(0.6) ? '&recursive=true' : '';
  return {
    method: 'GET',
    target: `/v2/keys{root}${path(random)}?wait=true&waitIndex={index-${random.below(12)}}${recursive}`,
    type: '',
    body: '',
    watch: true,
    patience: 25,
  };
}

/** A watch that stands while the steps after it run. */
function listen(random) {
  const recursive = random.chance(0.6) ? '&recursive=true' : '';
  const stream = random.chance(0.7) ? '&stream=true' : '';
  const past = random.chance(0.2);
  const since = past ? `{index-${random.below(9)}}` : random.pick(['', '0', '{index+1}', '{index+3}']);
  const from = since === '' ? '' : `&waitIndex=${since}`;
  const where = random.chance(0.4) ? '' : path(random);
  const target = `/v2/keys{root}${where}?wait=true${from}${recursive}${stream}`;
  return { method: 'GET', target, type: '', body: '', listen: true, past: past && stream !== '' };
}

function path(random) {
  if (random.chance(0.04)) return '';
  return random
    .times(1 + random.below(3), () => `/${random.chance(0.75) ? random.pick(['a', 'b', '_h']) : random.pick(names)}`)
    .join('');
}

function parameters(random, method) {
  const wanted = [];
  const add = (p, name, choices) => random.chance(p) && wanted.push([name, random.pick(choices)]);
  add(method === 'GET' ? 0.1 : 0.7, 'value', values);
  add(0.15, 'ttl', ttls);
  add(0.15, 'dir', random.chance(0.8) ? ['true'] : bools);
  add(0.2, 'recursive', random.chance(0.8) ? ['true'] : bools);
  add(0.25, 'prevExist', random.chance(0.85) ? ['true', 'false'] : bools);
  add(0.12, 'prevIndex', numbers);
  add(0.12, 'prevValue', values);
  add(0.06, 'refresh', random.chance(0.7) ? ['true'] : bools);
  add(0.05, 'noValueOnSuccess', bools);
  add(0.05, 'quorum', bools);
  add(0.02, 'stream', ['false', 'x']);
  add(0.02, 'wait', method === 'GET' ? ['false', 'x'] : bools);
  add(0.02, 'waitIndex', numbers);
  add(0.03, random.pick(['unknown', 'Value', '', '%zz', 'a;b', '%76alue']), values);
  // The order of the children of a directory is random in etcd unless one asks.
  wanted.push(['sorted', random.chance(0.98) ? 'true' : random.pick(bools)]);
  return wanted.map(([name, value]) => `${name}=${value}`);
}

function query(random, method) {
  const asked = parameters(random, method);
  if (method === 'GET' || method === 'DELETE' || method === 'HEAD') return `?${asked.join('&')}`;
  return random.chance(0.3) ? `?${asked.slice(0, 3).join('&')}` : '';
}

function form(random) {
  return parameters(random, 'PUT').join(random.chance(0.97) ? '&' : '&&');
}

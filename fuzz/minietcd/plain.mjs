/**
 * An answer without what two servers never share; indexes count from where the sequence began.
 * @param {import('./wire.mjs').Answer} answer
 */
export function plain(answer, start, step) {
  const { status, headers, body, closes } = answer;
  const { 'content-length': length, ...rest } = headers;
  for (const name of unshared) delete rest[name];
  if (rest['x-etcd-index'] !== undefined) rest['x-etcd-index'] = shift(rest['x-etcd-index'], start);
  if (rest.location !== undefined) rest.location = plainAddress(rest.location, start);
  // To wait for leave to send a body that nobody reads ends the connection in Go; ours always gives leave.
  const expects = step.manner?.expect !== undefined;
  const names = Object.keys(headers).filter((name) => !unsaid.includes(name) && !(expects && name === 'connection'));
  return {
    status,
    names: names.sort(),
    headers: Object.fromEntries(Object.entries(rest).sort()),
    body: body.startsWith('<a href=') ? plainAddress(body, start) : plainBody(body, start),
    length: length !== undefined,
    closes: expects || closes,
  };
}

/** Headers whose values differ, and those whose presence says nothing. */
const unshared = ['date', 'connection', 'x-raft-index', 'x-raft-term', 'x-etcd-cluster-id'];
const unsaid = ['date', 'content-length'];

function shift(text, start) {
  return Number(text) >= start && Number(text) < start + 1e6 ? `+${Number(text) - start}` : text;
}

function plainAddress(text, start) {
  return text
    .replace(/fuzz\d+-\d+/g, 'root')
    .replace(/(Index=)(\d+)/g, (_, name, n) => name + shift(n, start))
    .replace(/\[(\d+) != (\d+)\]/g, (_, a, b) => `[${shift(a, start)} != ${shift(b, start)}]`);
}

/** The text of a node, an event or an error without what depends on the clock, the index and the tree. */
export function plainBody(body, start) {
  return body
    .replace(/("(?:created|modified)Index":|"index":)(\d+)/g, (_, name, n) => name + shift(n, start))
    .replace(/\/0*(\d{1,20})(?=")/g, (all, n) => (all.length === 21 ? `/#${shift(n, start)}` : all))
    .replace(/\[(\d+) != (\d+)\]/g, (_, a, b) => `[${shift(a, start)} != ${shift(b, start)}]`)
    .replace(/"expiration":"[^"]*"/g, '"expiration":"#"')
    .replace(/"ttl":(\d+)/g, (_, n) => `"ttl":~${Math.round((Number(n) + 1) / 20)}`)
    .replace(/fuzz\d+-\d+/g, 'root');
}

/**
 * What a watch heard, as far as two servers should hear the same: etcd tells some streams twice of one event, and one
 * that begins in the past of nothing more once it has found one.
 */
export function plainEvents(events, start, { past }) {
  const told = events.map((event) => plainBody(event, start)).filter((event, i, all) => event !== all[i - 1]);
  return past ? told.slice(0, 1) : told;
}

// Ports for programs and servers that have to be told one, and that keep it while they are down.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const lowest = 10_000;
/** From here on the system itself gives out ports, to whoever connects anywhere: those may be gone at any moment. */
const end = firstEphemeral();
/** Each process looks in a place of its own, so that two that run at once do not come upon the same port. */
let next = lowest + ((process.pid * 101) % (end - lowest));

/** A TCP port of 127.0.0.1 on which nobody listens, which is given out once, and which the system gives to nobody. */
export async function freePort() {
  for (let tried = lowest; tried < end; tried += 1) {
    const port = next;
    next = port + 1 < end ? port + 1 : lowest;
    if (await isFree(port)) return port;
  }
  throw new Error(`no port is free from ${lowest} to ${end - 1}`);
}

function isFree(port) {
  const server = createServer();
  return new Promise((done) => {
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}

function firstEphemeral() {
  try {
    const first = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1').split(/\s/)[0]);
    return first > lowest + 1000 ? first : 32_768;
  } catch {
    return 32_768;
  }
}

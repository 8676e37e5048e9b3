// Servers at which an agent may knock: an etcd v2 and an etcd v3 that answer anything.
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { answers } from './inputs.mjs';

async function listening(server, sockets) {
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        for (const socket of sockets) socket.destroy();
      }),
  };
}

export async function badEtcd2(random) {
  const server = createServer((request, response) => {
    const how = random.next();
    response.on('error', () => undefined);
    if (how < 0.05) return void request.socket.destroy();
    if (how < 0.1) return undefined; // no answer at all
    const status = random.pick([200, 200, 200, 200, 201, 301, 400, 401, 403, 404, 412, 500, 503]);
    const headers = {
      'x-etcd-index': random.pick(['5', '7', '-1', 'x', '99999999999999999999', '']),
      'x-etcd-cluster-id': 'c',
    };
    if (random.chance(0.2)) delete headers['x-etcd-index'];
    if (status === 301) headers.location = random.pick(['/', 'http://127.0.0.1:1/', 'nonsense', '']);
    response.writeHead(status, headers);
    const body = answers(random);
    if (how < 0.15) {
      const drip = setInterval(() => response.write(' '), 50);
      return void response.on('close', () => clearInterval(drip));
    }
    if (how < 0.2) return void (response.write(body.slice(0, body.length / 2)), request.socket.destroy());
    if (request.url.includes('wait=true')) return void setTimeout(() => response.end(body), random.below(400));
    return void response.end(body);
  });
  return listening(server, new Set());
}

/** Protobuf of an etcd answer with random bytes; `frames` are as gRPC cuts them. */
function message(random) {
  const bytes = Buffer.from(Array.from({ length: random.below(60) }, () => random.below(256)));
  const real = Buffer.from('0a0a08011002180520063001120c0a022f611005180520012a0131', 'hex');
  const body = random.pick([real, bytes, Buffer.concat([real, bytes]), Buffer.alloc(0)]);
  const head = Buffer.alloc(5);
  head.writeUInt8(random.pick([0, 0, 0, 0, 1, 7]), 0);
  head.writeUInt32BE(random.chance(0.9) ? body.length : random.below(2 ** 31), 1);
  return Buffer.concat([head, body]);
}

export async function badEtcd3(random) {
  const server = createHttp2Server();
  server.on('sessionError', () => undefined);
  server.on('stream', (stream) => {
    const how = random.next();
    stream.on('error', () => undefined);
    if (how < 0.05) return void stream.session?.destroy();
    if (how < 0.1) return undefined;
    if (how < 0.15) return void stream.close(random.below(14));
    stream.respond(
      { ':status': random.pick([200, 200, 200, 404, 503]), 'content-type': 'application/grpc' },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => {
      const status = random.pick(['0', '0', '0', '3', '5', '7', '11', '14', '16', '99', 'x']);
      stream.sendTrailers({
        'grpc-status': status,
        'grpc-message': random.pick(['', 'etcdserver: mvcc: required revision has been compacted', '%zz']),
      });
    });
    for (let i = random.below(3); i > 0; i--) stream.write(message(random));
    if (random.chance(0.9)) setTimeout(() => stream.destroyed || stream.end(message(random)), random.below(300));
    return undefined;
  });
  return listening(server, new Set());
}

#!/usr/bin/env bash
# @grpc/grpc-js 1.14.7 (npm), gRPC for Node.
#
# Seen: through an HTTP proxy (https_proxy, grpc_proxy), a target with an IPv6 address is asked for without its brackets,
#   CONNECT 2001:db8::1:2379 HTTP/1.1
# which names another address, or none. And when the proxy refuses, the call's error does not say so:
#   No connection established. Last error: undefined.
# One would have guessed `CONNECT [2001:db8::1]:2379`, as RFC 9110 (7.2 and 9.3.6) has it, and the proxy's status in the error; it is
# there in a line on stderr only.
#
# Needs Node and npm; the proxy is a few lines here. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --no-save --no-audit --no-fund --silent @grpc/grpc-js@1.14.7
cat >main.mjs <<'JS'
import { createServer } from 'node:net';
import grpc from '@grpc/grpc-js';

const proxy = createServer((socket) => {
  let head = '';
  socket.on('error', () => undefined);
  socket.on('data', (data) => {
    head += data;
    if (!head.includes('\r\n\r\n')) return;
    console.log(head.split('\r\n')[0]);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
});
await new Promise((listening) => proxy.listen(0, '127.0.0.1', listening));
process.env.grpc_proxy = `http://127.0.0.1:${proxy.address().port}`;
const client = new grpc.Client('[2001:db8::1]:2379', grpc.credentials.createInsecure());
const same = (bytes) => bytes;
const options = { deadline: Date.now() + 20_000 };
client.makeUnaryRequest('/a/b', same, same, Buffer.alloc(0), new grpc.Metadata(), options, (error) => {
  console.log(error.details);
  client.close();
  proxy.close();
});
JS
output=$(env -u no_proxy -u no_grpc_proxy -u NO_PROXY node main.mjs)
echo "$output"
expected='CONNECT 2001:db8::1:2379 HTTP/1.1
No connection established. Last error: undefined. Resolution note: '
[ "$output" = "$expected" ] || { echo "this has changed" >&2; exit 1; }

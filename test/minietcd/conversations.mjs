// The bytes of ../golden/etcd34wire.json: what clients send on one connection, up to a request that ends it.
const host = 'Host: etcd\r\n';
const form = 'Content-Type: application/x-www-form-urlencoded\r\n';
const close = 'Connection: close\r\n';

const request = (line, headers = '', body = '') => `${line} HTTP/1.1\r\n${host}${headers}\r\n${body}`;
const old = (line, headers = '', body = '') => `${line} HTTP/1.0\r\n${headers}\r\n${body}`;
const last = request('GET /version', close);
const put = (headers, body) => request('PUT /v2/keys/wire', `${form}${headers}`, body) + last;
const chunked = (body) => put('Transfer-Encoding: chunked\r\n', body);

export const conversations = {
  'HTTP/1.0': old('GET /version'),
  'HTTP/1.0 HEAD': old('HEAD /v2/keys/nothing'),
  'HTTP/1.0 OPTIONS': old('OPTIONS /v2/keys/nothing'),
  'HTTP/1.0 an address that is cleaned': old('GET /v2//keys'),
  'HTTP/1.0 PUT': old('PUT /v2/keys/wire', `${form}Content-Length: 7\r\n`, 'value=1'),
  'HTTP/1.0 that stays': old('GET /v2/keys/nothing', 'Connection: keep-alive\r\n') + last,
  'HTTP/1.0 that stays without a body': old('HEAD /v2//keys', 'Connection: Keep-Alive\r\n') + last,
  'HTTP/1.0 that does not stay': old('GET /version', 'Connection: foo\r\n') + last,
  'HTTP/1.0 a watch': old('GET /v2/keys/wire?wait=true&waitIndex={index}'),
  'HTTP/1.0 a watch that would stay': old(
    'GET /v2/keys/wire?wait=true&waitIndex={index}',
    'Connection: keep-alive\r\n',
  ),
  'a watch that is the last': request('GET /v2/keys/wire?wait=true&waitIndex={index}', close),
  stay: request('GET /version', 'Connection: keep-alive\r\n') + last,
  'other words': request('GET /version', 'Connection: foo, Close\r\n'),
  'an upgrade that is passed over': request('GET /version', 'Connection: upgrade, close\r\nUpgrade: h2c\r\n'),
  'more after the last': last + last + 'garbage\r\n\r\n',
  'the whole server': request('OPTIONS *', 'Origin: http://a.com\r\n') + last,
  'nothing of the whole server': request('GET *', 'Origin: http://a.com\r\n'),
  'a broken address': request('OPTIONS /v2/keys/%zz'),
  'no host': 'GET /version HTTP/1.1\r\n\r\n',
  'an empty host': `GET /version HTTP/1.1\r\nHost:\r\n\r\n${last}`,
  'two hosts': request('GET /version', host),
  'a broken host': 'GET /version HTTP/1.1\r\nHost: a b\r\n\r\n',
  'a host that is an address': `GET /version HTTP/1.1\r\nHost: [::1]:4001\r\n\r\n${last}`,
  preflight: request('OPTIONS /v2/keys/a', 'Origin: http://a.com\r\nAccess-Control-Request-Method: PUT\r\n') + last,
  'an expectation': put('Expect: 100-Continue\r\nContent-Length: 7\r\n', 'value=1'),
  'another expectation': request('GET /version', 'Expect: wonders\r\n'),
  'another expectation of HEAD': request('HEAD /version', 'Expect: wonders\r\n'),
  'another expectation of HTTP/1.0': old('GET /version', 'Expect: wonders\r\n'),
  'another expectation of a broken address': request('GET /%zz', 'Expect: wonders\r\n'),
  chunks: chunked('3\r\nval\r\n4\r\nue=1\r\n0\r\n\r\n'),
  'chunks of odd sizes': chunked('0003\r\nval\r\n01\r\nu\r\n0B\r\ne=123456789\r\n000\r\n\r\n'),
  'chunks with extensions': chunked('3;a\r\nval\r\n4;a=b;c="d;e"\r\nue=1\r\n0;end\r\n\r\n'),
  'chunks with trailers': chunked('7\r\nvalue=1\r\n0\r\nX-Sum: 1\r\nContent-Type: text/plain\r\n\r\n'),
  'no chunks': chunked('0\r\n\r\n'),
  'chunks by another name': put('Transfer-Encoding: CHUNKED\r\n', '7\r\nvalue=1\r\n0\r\n\r\n'),
  'chunks that nobody reads': request('GET /version', 'Transfer-Encoding: chunked\r\n', '1\r\na\r\n0\r\n\r\n') + last,
  'squeezed chunks': put('Transfer-Encoding: gzip, chunked\r\n', '7\r\nvalue=1\r\n0\r\n\r\n'),
  squeezed: put('Transfer-Encoding: gzip\r\n', 'value=1'),
  'a read after a write, at once':
    request('PUT /v2/keys/wire?value=1') +
    request('GET /v2/keys/wire') +
    request('PUT /v2/keys/wire?value=2&prevValue=1') +
    request('DELETE /v2/keys/wire?prevValue=2') +
    request('GET /v2/keys/wire', close),
  'bodies that nobody reads, at once':
    request('PATCH /v2/keys/wire', 'Content-Length: 7\r\n', 'value=1') +
    request('DELETE /v2/keys/wire', `${form}Content-Length: 7\r\n`, 'value=1') +
    request('PUT /v2/keys/wire', 'Content-Length: 7\r\n', 'value=1') +
    request('DELETE /v2/keys/wire', close),
  'nothing after a broken address':
    request('PUT /v2/keys/wire?value=1') + request('GET /%zz') + request('DELETE /v2/keys/wire') + last,
  'what was left': request('DELETE /v2/keys/wire', close),
};

/** Answers without what differs from server to server and from run to run; Node always says HTTP/1.1, as it may. */
export function plainAnswers(text) {
  return text.split(/(?=HTTP\/1\.[01] \d{3} )/).map((answer) => {
    const end = answer.indexOf('\r\n\r\n');
    const [start, ...lines] = answer.slice(0, end).split('\r\n');
    const headers = lines.filter((line) => !line.startsWith('Date: ')).map((line) => line.replace(numbers, '$1: N'));
    const body = answer
      .slice(end + 4)
      .replace(/(Index":|"index":)\d+/g, '$1N')
      .replace(/^[0-9a-f]+\r\n/, 'N\r\n');
    return { status: Number(start.split(' ')[1]), headers: headers.sort(), body };
  });
}

const numbers = /^(X-Etcd-Index|X-Etcd-Cluster-Id|X-Raft-Index|X-Raft-Term|Content-Length): .*$/;

import { isIP } from 'node:net';
import { connect } from 'node:tls';

/** Whether a server uses TLS, as far as that shows within ms: it explains why a plain connection was closed. */
export function speaksTls(
  { host, port }: { readonly host: string; readonly port: number },
  ms: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const name = isIP(host) === 0 ? { servername: host } : {};
    // No data is sent, so the certificate does not matter.
    const socket = connect({ host, port, ...name, rejectUnauthorized: false });
    const tell = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(ms, tell(false));
    socket.once('secureConnect', tell(true)).on('error', tell(false)).on('close', tell(false));
  });
}

import { isIP } from 'node:net';
import { connect } from 'node:tls';

/** Whether TLS is spoken at a place, as far as that shows within ms: it tells why whoever asks in the clear is cut off. */
export function speaksTls(
  { host, port }: { readonly host: string; readonly port: number },
  ms: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const name = isIP(host) === 0 ? { servername: host } : {};
    // Nothing is sent: whose certificate it is does not matter.
    const socket = connect({ host, port, ...name, rejectUnauthorized: false });
    const tell = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(ms, tell(false));
    socket.once('secureConnect', tell(true)).on('error', tell(false)).on('close', tell(false));
  });
}

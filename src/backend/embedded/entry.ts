import { listSetting, textSetting, type Values } from '../../config/schema/schema.ts';
import type { FlagValue } from '../../go/flag.ts';
import type { HostedEntry } from '../contract/entry.ts';

const settings = Object.freeze({
  listen: listSetting('listen', '`address` at which the embedded store listens (may be repeated)', {
    default: ['127.0.0.1:4001'],
  }),
  /** '' keeps the data in memory only. */
  dataDir: textSetting('data-dir', 'data directory of the embedded store; without one the data is in memory only'),
});

/** A mini-etcd that runs in this process. */
export const embeddedEntry: HostedEntry<typeof settings> = Object.freeze({
  kind: 'hosted',
  name: 'embedded',
  description: 'a mini-etcd in this process',
  settings,
  traits: { canWatch: true, selects: 'subtree' as const },
  check(value: (flag: string) => FlagValue) {
    const setting = ['node', 'srv-domain', 'srv-record'].find((name) => (value(name) as string | string[]).length > 0);
    const message = 'cannot be used with the backend embedded, which runs in this process and has no nodes';
    return setting === undefined ? null : { setting, message };
  },
  asClient: ({ listen }: Values<typeof settings>) => ({ backend: 'etcdv2', nodes: listen.map(clientAddress) }),
});

/** A store that listens on all addresses is reached at the loopback address. */
function clientAddress(listen: string): string {
  const [, host = '', port = ''] = /^(.*):([0-9]+)$/.exec(listen) ?? ['', listen];
  const isAny = ['', '0.0.0.0', '[::]'].includes(host);
  return `http://${isAny ? '127.0.0.1' : host}:${port}`;
}

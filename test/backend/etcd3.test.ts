import { etcd3Backend } from '../../src/backend/etcd3.ts';
import { backendContract, type Store } from '../contract/backend.ts';
import { Etcd3Server } from '../helpers/etcd3Server.ts';
import { etcdSettings } from '../helpers/etcdSettings.ts';
import { Proxy } from '../helpers/proxy.mjs';

async function makeStore(): Promise<Store> {
  const server = await Etcd3Server.start();
  const proxy = await Proxy.to(server.port);
  return {
    open: () => etcd3Backend(etcdSettings([proxy.url])),
    put: (key, value) => {
      server.put(key, value);
      return Promise.resolve();
    },
    remove: (key) => {
      server.removeTree(key);
      return Promise.resolve();
    },
    cut: () => {
      proxy.cut();
    },
    close: async () => {
      await proxy.close();
      await server.close();
    },
  };
}

backendContract('etcd3', makeStore, { anyBytes: true, live: true, under: '' });

/** The stores, one line each. Everything about a store is in its entry. */
export { consulEntry } from './consul/entry.ts';
export { embeddedEntry } from './embedded/entry.ts';
export { envEntry } from './env/entry.ts';
export { etcdEntries } from './etcd/entry.ts';
export { fileEntry } from './file/entry.ts';
export { missingEntries } from './missing.ts';
export { redisEntry } from './redis/entry.ts';
export { vaultEntry } from './vault/entry.ts';

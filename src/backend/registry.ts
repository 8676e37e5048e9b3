/** The stores, a line each; all that is known of one stands in its entry. What is not listed here does not exist. */
export { embeddedEntry } from './embedded/entry.ts';
export { envEntry } from './env/entry.ts';
export { etcdEntries } from './etcd/entry.ts';
export { fileEntry } from './file/entry.ts';
export { missingEntries } from './missing.ts';

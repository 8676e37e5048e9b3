// etcd3 parses etcd's .proto file when it is loaded. A bundle has no such file beside it: the parsed form goes into it.
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import protobuf from 'protobufjs';

const loading = 'loadSync)(`${__dirname}/../proto/rpc.proto`';

/** The esbuild plugin that puts the parsed rpc.proto into etcd3's connection pool. */
export const parsedProto = {
  name: 'parsed proto',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]etcd3[/\\]lib[/\\]connection-pool\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      if (!text.includes(loading)) throw new Error(`${path} does not load rpc.proto as it did: look at scripts/build`);
      const proto = join(dirname(path), '../proto/rpc.proto');
      // As @grpc/proto-loader's loadSync does; keepCase is the only one of its options that is about parsing.
      const root = new protobuf.Root().loadSync(proto, { keepCase: true }).resolveAll();
      return { contents: text.replace(loading, () => `fromJSON)(${JSON.stringify(root.toJSON())}`) };
    });
  },
};

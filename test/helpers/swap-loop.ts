import { stage } from '../../src/agent/pipeline/stage.ts';
import { swap } from '../../src/agent/pipeline/swap.ts';
import { memoryLog } from './memory-log.ts';
import { md5, renderingOf, resourceOf } from './pipeline.ts';

// A program that swaps one file for ever: each version is the md5 of its body, a newline, and the body. It says when
// the first one is in place.

const resource = resourceOf(process.argv[2]!);
const attributes = { mode: 0o644, uid: resource.uid, gid: resource.gid };

for (let version = 0; ; version++) {
  const body = `version ${version} `.repeat(1 + ((version * 7919) % 40_000));
  const rendering = renderingOf(`${md5(body)}\n${body}`);
  await swap({ path: await stage(rendering, resource, attributes), rendering, attributes }, resource, memoryLog());
  if (version === 0) process.stdout.write('begun\n');
}

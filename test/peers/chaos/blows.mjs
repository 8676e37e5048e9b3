// What befalls the store, the network and the agent in the chaos run. Writes go on meanwhile.
import { sleep } from '../support/process.mjs';

/** A fault of the network that lasts a while. */
const lasting = (begin, from, to) => async (world) => {
  begin(world.proxy, world);
  await sleep(world.between(from, to));
  world.proxy.heal();
};

/** The store is set back while the agent cannot see it, and perhaps written to before the agent can: even past its old count. */
const setBack = (how) => async (world) => {
  const { proxy, store, etcd } = world;
  proxy.refuse();
  await world.writersRest(async () => {
    const before = await store.count();
    await etcd.stop();
    await how(store, etcd);
    const writes = world.pick([0, 1, 20, 20, 'ahead']);
    if (writes === 'ahead') await store.noise(before - (await store.count()) + 10);
    else for (let n = 0; n < writes; n += 1) await world.write();
  });
  proxy.heal();
};

const restart = (signal) => async (world) => {
  await world.etcd.stop(signal);
  await sleep(world.between(0, 5000));
  await world.etcd.start();
};

/** name: [how often, what]. */
export const blows = new Map([
  ['cut', [4, ({ proxy }) => proxy.cut()]],
  [
    'cuts without end',
    [
      3,
      async (world) => {
        for (let n = 0; n < 30; n += 1) {
          world.proxy.cut();
          await sleep(world.between(10, 250));
        }
      },
    ],
  ],
  ['pause', [3, lasting((proxy) => proxy.pause(), 500, 8000)]],
  ['pause and reset', [2, lasting((proxy) => (proxy.pause(), proxy.cut()), 500, 8000)]],
  ['stranded connections', [1, ({ proxy }) => proxy.strand()]],
  ['refused connections', [3, lasting((proxy) => proxy.refuse(), 100, 8000)]],
  ['slow', [2, lasting((proxy, world) => proxy.slow(world.between(500, 50_000)), 2000, 5000)]],
  ['late', [2, lasting((proxy, world) => proxy.delay(world.between(50, 1500)), 2000, 5000)]],
  ['truncated answers', [2, lasting((proxy, world) => proxy.truncate(world.between(1, 5000)), 1000, 4000)]],
  ['restart', [3, restart('SIGTERM')]],
  ['kill -9', [3, restart('SIGKILL')]],
  ['copy', [2, ({ store }) => store.save()]],
  [
    'lost history',
    [
      2,
      async (world) => {
        world.proxy.refuse();
        await world.store.forget();
        world.proxy.heal();
      },
    ],
  ],
  ['lost history, seen', [1, ({ store }) => store.forget()]],
  [
    'wiped',
    [
      2,
      setBack(async (_store, etcd) => {
        await etcd.wipe();
        await etcd.start();
      }),
    ],
  ],
  ['restored copy', [2, setBack((store, etcd) => (store.saved ? store.restore() : etcd.start()))]],
  ['restored backup', [1, setBack((store, etcd) => (store.saved ? store.restoreOfficially() : etcd.start()))]],
  [
    'agent killed',
    [
      2,
      async ({ agent }) => {
        await agent.end('SIGKILL');
        agent.start();
      },
    ],
  ],
  [
    'agent restarted',
    [
      1,
      async (world) => {
        await world.agent.end('SIGTERM');
        await sleep(world.between(0, 1500));
        world.agent.start();
      },
    ],
  ],
  ['hangup', [1, ({ agent }) => agent.program.signal('SIGHUP')]],
  [
    'commands fail',
    [
      2,
      async (world) => {
        world.agent.break(true);
        await sleep(world.between(500, 4000));
        world.agent.break(false);
      },
    ],
  ],
]);

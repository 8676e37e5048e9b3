import type { Request } from './request.ts';
import type { Event } from './event.ts';
import type { Store } from './store.ts';

/** Applies one request to the store: the only way to change its tree. */
export function apply(store: Store, request: Request): readonly Event[] {
  switch (request.action) {
    case 'set':
      return [store.set(request.path, request.write, request.at)];
    case 'create':
      return [store.create(request.path, request.write, request.at)];
    case 'createInOrder':
      return [store.createInOrder(request.path, request.write, request.at)];
    case 'update':
      return [store.update(request.path, request.write, request.at)];
    case 'compareAndSwap':
      return [store.compareAndSwap(request.path, request.guard, request.write, request.at)];
    case 'delete':
      return [store.delete(request.path, request.reach, request.at)];
    case 'compareAndDelete':
      return [store.compareAndDelete(request.path, request.guard, request.at)];
    case 'sync':
      return store.expire(request.at);
  }
}

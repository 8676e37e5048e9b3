import type { Guard, Reach, Write } from './store.ts';

/**
 * One change, complete in itself: the same requests in the same order make the same tree at any time. `at` is the time
 * of the request in milliseconds since the epoch; expiries are absolute.
 */
export type Request =
  | {
      readonly action: 'set' | 'create' | 'createInOrder' | 'update';
      readonly path: string;
      readonly write: Write;
      readonly at: number;
    }
  | {
      readonly action: 'compareAndSwap';
      readonly path: string;
      readonly guard: Guard;
      readonly write: Write;
      readonly at: number;
    }
  | { readonly action: 'delete'; readonly path: string; readonly reach: Reach; readonly at: number }
  | { readonly action: 'compareAndDelete'; readonly path: string; readonly guard: Guard; readonly at: number }
  | { readonly action: 'sync'; readonly at: number };

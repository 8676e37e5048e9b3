import type { Guard, Reach, Write } from './store.ts';

/**
 * One mutation, complete in itself: the same requests applied in the same order make the same tree, whenever that
 * happens. `at` is the instant of the request in milliseconds since the epoch; instants of expiry are absolute.
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

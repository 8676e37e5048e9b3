import type { Clock } from '../../obs/clock.ts';
import type { Logger } from '../../obs/log.ts';
import { FileWatch } from '../../file-watch/file-watch.ts';
import type { Agent } from './agent.ts';

/** Where the files are that an operator edits. */
export interface EditedFiles {
  /** Holds conf.d and templates. */
  readonly confdir: string;
  /** A resource file outside conf.d, or null. */
  readonly resourceFile: string | null;
}

interface Around {
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Notifies the agent when conf.d, a template or an included file is edited, and once at the start, for edits before it.
 */
export function watchEdits(agent: Agent, { confdir, resourceFile }: EditedFiles, around: Around): FileWatch {
  const roots = [`${confdir}/conf.d`, `${confdir}/templates`, ...(resourceFile === null ? [] : [resourceFile])];
  const paths = remembered(
    () => agent.resources,
    // A template may be elsewhere: behind a link to a directory, or by a ".." in its src.
    (resources) => [...roots, ...resources.map(({ template }) => template)],
  );
  const onChange = () => {
    agent.wakeSignal.notify('edit');
  };
  return new FileWatch({ paths, onChange, ...parts(around) });
}

/** Notifies the agent when a dest is changed or removed. */
export function watchDests(agent: Agent, around: Around): FileWatch {
  const paths = remembered(
    () => agent.resources,
    (resources) => resources.filter(({ noop }) => !noop).map(({ dest }) => dest),
  );
  const onChange = () => {
    agent.wakeSignal.notify('dest');
  };
  return new FileWatch({ paths, onChange, ...parts(around) });
}

function parts({ clock, log }: Around): { clock: Clock; warn: (message: string) => void } {
  return { clock, warn: log.warning.bind(log) };
}

/** Computes the result again only when its input has changed. */
function remembered<T, U>(get: () => T, make: (from: T) => U): () => U {
  let last: { readonly from: T; readonly made: U } | null = null;
  return () => {
    const from = get();
    if (last?.from !== from) last = { from, made: make(from) };
    return last.made;
  };
}

import { stat } from 'node:fs/promises';
import type { Logger } from '../../obs/log.ts';
import { compare } from './compare.ts';
import type { PassRecord } from './pass-record.ts';
import { AgentError, isErrno } from '../resource/error.ts';
import type { Resource } from '../resource/resource.ts';

/** How dest differs from what the last pass left there. */
export type Drifted = 'no' | 'changed' | 'gone';

/** Knows whether somebody else has changed or removed dest since a pass left it as wished. */
export class Drift {
  /** Null while a pass is under way, and after one that did not leave dest as wished. */
  private left: { readonly md5: string } | null = null;
  /** dest's stamp when it was found as it was left, so that it is read only when it may be another one. */
  private intact = '';
  private pass: Promise<void> = Promise.resolve();
  private passed: () => void = () => undefined;
  private isTold = false;

  constructor(
    private readonly resource: Resource,
    private readonly log: Logger,
  ) {}

  /** A pass begins, and may replace dest. */
  begin(): void {
    this.left = null;
    this.pass = new Promise((done) => (this.passed = done));
  }

  /** A pass has ended. */
  end({ outcome, comparison }: Pick<PassRecord, 'outcome' | 'comparison'>): void {
    const isAsWished = outcome.status === 'updated' || outcome.status === 'unchanged';
    this.left = isAsWished && comparison !== null ? { md5: comparison.wanted.md5 } : null;
    this.intact = '';
    this.isTold = false;
    this.passed();
  }

  /** Looks at dest when no pass is under way, or as soon as it has ended; reads it when it may be another one. Never throws. */
  async look(): Promise<Drifted> {
    // Who changes dest during a reload does so after this program has.
    await this.pass;
    const { left, resource } = this;
    if (left === null) return 'no';
    const stamp = await stampOf(resource.dest);
    if (stamp === this.intact) return 'no';
    const isChanged = stamp === null || (await this.differs(left));
    // A pass that has begun meanwhile sees to it.
    if (this.left !== left) return 'no';
    if (stamp === null) return 'gone';
    if (isChanged) return 'changed';
    this.intact = stamp;
    return 'no';
  }

  private async differs(left: { readonly md5: string }): Promise<boolean> {
    try {
      return (await compare(left, this.resource)).changed;
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      return true; // no file any more
    }
  }

  /** Says that dest was changed, once until it is as wished again. */
  tell(): void {
    if (this.isTold) return;
    this.isTold = true;
    const { dest, file } = this.resource;
    this.log.warning(
      `Target config ${dest} was changed by another program: the next change of its keys or the next full pass restores it (${file})`,
    );
  }
}

/** Null when there is no file; a dangling link is none. Never ''. */
async function stampOf(path: string): Promise<string | null> {
  return stat(path, { bigint: true }).then(
    ({ dev, ino, size, mtimeNs, ctimeNs }) => [dev, ino, size, mtimeNs, ctimeNs].join(' '),
    (error: unknown) => (isErrno(error, 'ENOENT') ? null : 'unknown'),
  );
}

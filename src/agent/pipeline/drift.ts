import { stat } from 'node:fs/promises';
import type { Logger } from '../../obs/log.ts';
import { compare } from './compare.ts';
import type { PassRecord } from './pass-record.ts';
import { AgentError, isErrno } from '../resource/error.ts';
import type { Resource } from '../resource/resource.ts';

/** How dest differs from what the last pass left there. */
export type Drifted = 'no' | 'changed' | 'gone';

/** Notices when another program changes or removes dest after a pass. */
export class Drift {
  /** Null during a pass, and after a pass that did not leave dest as the resource asks. */
  private left: { readonly md5: string } | null = null;
  /** The stamp of dest when its content was last verified: dest is read again only when its stamp differs. */
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

  /** Checks dest, after the current pass if there is one; reads it only when its stamp differs. Never throws. */
  async look(): Promise<Drifted> {
    // A reload_cmd that changes dest does so after confd has written it.
    await this.pass;
    const { left, resource } = this;
    if (left === null) return 'no';
    const stamp = await stampOf(resource.dest);
    if (stamp === this.intact) return 'no';
    const isChanged = stamp === null || (await this.differs(left));
    // A pass that has begun meanwhile compares dest itself.
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
      return true; // dest is not a file any more
    }
  }

  /** Logs that dest was changed, once until dest is correct again. */
  report(): void {
    if (this.isTold) return;
    this.isTold = true;
    const { dest, file } = this.resource;
    this.log.warning(
      `Target config ${dest} was changed by another program: the next change of its keys or the next full pass restores it (${file})`,
    );
  }
}

/** Identifies the state of a file; null when there is none (a dangling link counts as none). Never ''. */
async function stampOf(path: string): Promise<string | null> {
  return stat(path, { bigint: true }).then(
    ({ dev, ino, size, mtimeNs, ctimeNs }) => [dev, ino, size, mtimeNs, ctimeNs].join(' '),
    (error: unknown) => (isErrno(error, 'ENOENT') ? null : 'unknown'),
  );
}

import type { Clock } from '../../obs/clock.ts';
import type { Logger } from '../../obs/log.ts';
import { BackendError } from '../contract/backend.ts';
import { aborted, follow } from '../net/deadline.ts';
import { Forbidden, type VaultApi } from './api.ts';
import { field, numberOf } from './json.ts';
import { type IssuedToken, logIn, type LoginSettings, tokenOf } from './login.ts';

/** A login that did not help is not made again within this time. */
const loginPauseMs = 60_000;
/** However short a token lives, it is not renewed more often. */
const minWaitMs = 500;

/** A token in use. */
interface HeldToken {
  readonly token: string;
  /** How long it lived when it was new. */
  readonly ttlMs: number;
  readonly since: number;
  until: number;
  isRenewable: boolean;
}

/** The token that Vault is asked with: made at the first request, renewed before it ends, made anew when it cannot be. */
export class TokenKeeper {
  private held: HeldToken | null = null;
  private pending: Promise<HeldToken> | null = null;
  private logins = 0;

  constructor(
    private readonly api: VaultApi,
    private readonly login: LoginSettings,
    private readonly deps: { readonly clock: Clock; readonly log: Logger; readonly closed: AbortSignal },
  ) {}

  /** Another one after every login: what was leased with an earlier token ends with that token. */
  get generation(): number {
    return this.logins;
  }

  /** Does the work with a token; once more with a new one where the first is not valid any more. */
  async use<T>(signal: AbortSignal, work: (token: string) => Promise<T>): Promise<T> {
    const held = await this.current(signal);
    try {
      return await work(held.token);
    } catch (error) {
      if (!(error instanceof Forbidden) || !(await this.isReplaced(held, signal))) throw error;
      return work((await this.current(signal)).token);
    }
  }

  private async current(signal: AbortSignal): Promise<HeldToken> {
    signal.throwIfAborted();
    if (this.held !== null) return this.held;
    // One login for all that wait for it, even when one of them leaves.
    this.pending ??= this.logInAnew().finally(() => {
      this.pending = null;
    });
    const left = new AbortController();
    const letGo = follow(signal, left);
    return Promise.race([this.pending, aborted(left.signal)]).finally(letGo);
  }

  private async logInAnew(): Promise<HeldToken> {
    const { closed } = this.deps;
    const held = this.hold(await logIn(this.login, this.api, closed));
    if (held.until < Infinity) void this.keep(held);
    return held;
  }

  private hold({ token, ttlMs, isRenewable }: IssuedToken): HeldToken {
    const now = this.deps.clock.now();
    this.logins += 1;
    this.held = { token, ttlMs, since: now, until: now + ttlMs, isRenewable };
    return this.held;
  }

  /** Whether there is another token by now, or can be, since this one is dead and not merely without a right. */
  private async isReplaced(held: HeldToken, signal: AbortSignal): Promise<boolean> {
    if (this.held !== held) return true;
    const { clock } = this.deps;
    if (this.login.type === 'token') {
      if ((await tokenOf(this.login)) === held.token) return false;
    } else if (clock.now() < held.until) {
      if (clock.now() - held.since < loginPauseMs) return false;
      if (await this.isAlive(held, signal)) return false;
    }
    this.drop(held);
    return true;
  }

  private async isAlive({ token }: HeldToken, signal: AbortSignal): Promise<boolean> {
    try {
      await this.api.ask({ path: 'auth/token/lookup-self' }, token, signal);
      return true;
    } catch (error) {
      if (error instanceof Forbidden) return false;
      throw error;
    }
  }

  private drop(held: HeldToken): void {
    if (this.held === held) this.held = null;
  }

  /** Keeps a token alive until it is replaced or the store is closed. */
  private async keep(held: HeldToken): Promise<void> {
    const { clock, closed, log } = this.deps;
    try {
      while (this.held === held && clock.now() < held.until) {
        const left = held.until - clock.now();
        await clock.sleep(Math.max(minWaitMs, left * (held.isRenewable ? 2 / 3 : 0.8)), closed);
        if (this.held !== held) return;
        if (held.isRenewable) await this.renew(held);
        else if (await this.succeed(held)) return;
      }
    } catch {
      if (closed.aborted) return;
      // What is wrong shows when the token is used.
      log.debug('the Vault token could not be kept alive');
    }
    this.drop(held);
  }

  private async renew(held: HeldToken): Promise<void> {
    const { clock, closed } = this.deps;
    try {
      const { body } = await this.api.ask(
        { method: 'PUT', path: 'auth/token/renew-self', body: {} },
        held.token,
        closed,
      );
      const ttlMs = numberOf(field(body, 'auth'), 'lease_duration') * 1000;
      held.until = clock.now() + ttlMs;
      // Near the maximum Vault gives less and less.
      held.isRenewable = ttlMs >= held.ttlMs / 2;
    } catch (error) {
      if (!(error instanceof BackendError) || closed.aborted) throw error;
      if (error.code !== 'unreachable') held.isRenewable = false;
    }
  }

  /** Makes a token that takes the place of this one; false where that cannot be tried again in time. */
  private async succeed(held: HeldToken): Promise<boolean> {
    const { closed, log, clock } = this.deps;
    try {
      if (this.login.type === 'token' && (await tokenOf(this.login)) === held.token) {
        const seconds = Math.max(0, Math.round((held.until - clock.now()) / 1000));
        log.warning(`vault: the token ends in ${seconds} s and cannot be renewed`);
        return true;
      }
      const next = this.hold(await logIn(this.login, this.api, closed));
      if (next.until < Infinity) void this.keep(next);
      return true;
    } catch (error) {
      if (!(error instanceof BackendError) || closed.aborted) throw error;
      return false;
    }
  }
}

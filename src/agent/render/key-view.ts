import { type Rule, selected, startOf } from '../../backend/contract/backend.ts';
import { toText } from '../../go/bytes.ts';
import { listed } from '../../go/count.ts';
import { join } from '../../go/path.ts';
import { quote } from '../../go/strconv.ts';
import { MergedView } from '../../mirror/merged.ts';
import { Mirror } from '../../mirror/mirror.ts';
import { type Shared, type KeyView, View } from '../../mirror/view.ts';
import type { Logger } from '../../obs/log.ts';
import type { ResourceTemplate } from '../resource/resource.ts';

/** The pairs of one read of a store, for renders without an agent. */
export class ReadStore {
  readonly #mirror = new Mirror();

  /** The store owns the map from now on. */
  constructor(
    pairs: Map<string, string>,
    private readonly rule: Rule,
  ) {
    this.#mirror.replace({ pairs });
  }

  view(prefix: string, keys: readonly string[]): View {
    return this.#mirror.view(prefix, keys, this.rule);
  }
}

/** The keys of a resource in the stores of its key requests, in their order: the view of one store, or several views merged. */
export function openKeyView({ keyRequests }: ResourceTemplate, stores: readonly Pick<ReadStore, 'view'>[]): KeyView {
  const views = keyRequests.map(({ prefix, keys }, i) => stores[i]!.view(prefix, keys));
  return views.length === 1 ? views[0]! : new MergedView(views);
}

/** Returns a function that says that a key is outside the keys of the resource, or '' when it is inside. */
export function outsideOf({ keyRequests, spec }: ResourceTemplate, keyView: KeyView): (key: string) => string {
  const views = keyView instanceof MergedView ? keyView.views : keyView instanceof View ? [keyView] : [];
  return (key) => {
    const isInside = views.some(({ rule }, i) => {
      const name = startOf(join(keyRequests[i]!.prefix, key), rule);
      return keyRequests[i]!.keys.some((wanted) => selected(name, wanted, rule));
    });
    if (isInside || views.length === 0) return '';
    const keys = spec.keys.slice(0, maxNames).map((each) => JSON.stringify(each));
    const more = spec.keys.length > maxNames ? ', …' : '';
    const prefixes = [...new Set(keyRequests.map(({ prefix }) => prefix))].filter((prefix) => prefix !== '/');
    const below = prefixes.length === 0 ? '' : ` below ${prefixes.map((each) => toText(quote(each))).join(' and ')}`;
    // The key itself is not shown: the template may have built it from a value.
    return `that key is outside keys = [${keys.join(', ')}${more}]${below}`;
  };
}

/** The maximum number of names in one log line. */
const maxNames = 10;

/** Logs keys that a resource finds several times, in one source or in several: each key once. */
export class Collisions {
  private readonly reported = new Set<string>();

  constructor(
    private readonly resource: ResourceTemplate,
    private readonly log: Logger,
  ) {}

  report(keyView: KeyView): void {
    if (keyView instanceof View) this.reportShared(keyView);
    if (!(keyView instanceof MergedView)) return;
    keyView.views.forEach((view) => {
      this.reportShared(view);
    });
    const fresh = this.unreported(keyView.collisions(), (key) => key);
    if (fresh.length === 0) return;
    const names = fresh.slice(0, maxNames).map((key) => toText(quote(key)));
    const more = fresh.length > maxNames ? ` and ${fresh.length - maxNames} more` : '';
    this.log.info(
      `${this.resource.file}: several sources have ${names.join(', ')}${more}; the value of the first source in the list is used`,
    );
  }

  /**
   * Several names in one store that are the same key: probably a mistake, and Go's confd takes the value of any of
   * them.
   */
  private reportShared(view: View): void {
    const fresh = this.unreported(view.shared(), ({ names }) => names.join('\0'));
    const show = (name: string) => toText(quote(view.rule === 'variable' ? name.slice(1) : name));
    for (const { key, names, chosen } of fresh.slice(0, maxNames)) {
      const fact = `${listed(names.map(show), 'and')} in the store are the same key, ${toText(quote(key))}`;
      this.log.warning(`${this.resource.file}: ${fact}: the value of ${show(chosen)} is used`);
    }
    if (fresh.length > maxNames) {
      const more = fresh.length - maxNames;
      this.log.warning(
        `${this.resource.file}: there ${more === 1 ? 'is one more such key' : `are ${more} more such keys`}`,
      );
    }
  }

  private unreported<T extends string | Shared>(items: readonly T[], idOf: (item: T) => string): T[] {
    const fresh = items.filter((item) => !this.reported.has(idOf(item)));
    for (const item of fresh) this.reported.add(idOf(item));
    return fresh;
  }
}

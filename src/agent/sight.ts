import { toText } from '../go/bytes.ts';
import { quote } from '../go/strconv.ts';
import { MergedView } from '../mirror/merged.ts';
import type { Sight } from '../mirror/view.ts';
import type { Logger } from '../obs/log.ts';
import type { Resource } from './resource.ts';
import type { Source } from './source.ts';

/** What the resource sees of its sources, which have been read: of one a view, of several all of their views in one. */
export function openSight({ wants }: Resource, sources: readonly Source[]): Sight {
  const views = wants.map(({ prefix, keys }, i) => sources[i]!.view(prefix, keys));
  return views.length === 1 ? views[0]! : new MergedView(views);
}

/** Names that one line of the log has room for. */
const mostNames = 10;

/** Tells of the keys that several sources of a resource have under one name, of each once. */
export class Collisions {
  private readonly told = new Set<string>();

  constructor(
    private readonly resource: Resource,
    private readonly log: Logger,
  ) {}

  tell(sight: Sight): void {
    if (!(sight instanceof MergedView)) return;
    const fresh = sight.collisions().filter((key) => !this.told.has(key));
    if (fresh.length === 0) return;
    for (const key of fresh) this.told.add(key);
    const names = fresh.slice(0, mostNames).map((key) => toText(quote(key)));
    const more = fresh.length > mostNames ? ` and ${fresh.length - mostNames} more` : '';
    this.log.info(
      `${this.resource.file}: several sources have ${names.join(', ')}${more}; the value of the first one listed counts`,
    );
  }
}

import { Reader, type ReadSet } from '../../mirror/readset.ts';
import type { KeyView } from '../../mirror/view.ts';
import type { Clock } from '../../obs/clock.ts';
import type { Dialect, Template } from '../../template/engine/engine.ts';
import { confdFuncs, declare, type FuncDeps } from '../../template/funcs/funcs.ts';
import type { ResourceTemplate } from '../resource/resource.ts';
import { explain, templatesOf } from './explain.ts';
import { outsideOf } from './key-view.ts';
import { type TooFewKeys, tooFewKeys } from './min-keys.ts';
import { redactValues } from './redact.ts';
import { render, type Rendering, type RenderLimits } from './render.ts';

/** What a render needs besides the keys. */
export interface RenderDeps {
  /** Returns the compiled template of a file. Throws TemplateError. */
  readonly templates: { load(path: string, dialect: Dialect): Promise<Template> };
  /** The data for template functions; for this render only. */
  readonly funcs: FuncDeps;
  readonly limits: RenderLimits;
  readonly clock: Clock;
}

/** The result of a render, and what decides whether a change concerns the resource. */
export type RenderResult = Rendered & {
  /** What the template asked for; null when it did not run. */
  readonly readSet: ReadSet | null;
  /** The number of keys when the template ran; Infinity when it did not run. */
  readonly keyCount: number;
};

/** How a render ended. */
export type Rendered =
  | { readonly status: 'rendered'; readonly rendering: Rendering }
  /** dest stays as it is */
  | { readonly status: 'kept'; readonly reason: TooFewKeys }
  /** `error` is an AgentError, written for the operator and without values, with its hints; or what else a look-up failed with, or a bug */
  | { readonly status: 'failed'; readonly error: unknown };

/** Renders a resource from the keys in view. Writes no file and reads no store. Never rejects. */
export async function renderResource(
  resource: ResourceTemplate,
  view: KeyView,
  { templates, funcs, limits, clock }: RenderDeps,
): Promise<RenderResult> {
  let template: Template | null = null;
  let reader = new Reader(view);
  let keyCount = Infinity;
  const ended = (ending: Rendered): RenderResult => {
    const reason = tooFewKeys(keyCount, resource.spec);
    const kept = reason === null ? ending : ({ status: 'kept', reason } as const);
    return { ...kept, readSet: template === null ? null : reader.readSet, keyCount };
  };
  try {
    template = await templates.load(resource.template, resource.spec);
    const makeFuncs = () => {
      keyCount = view.size;
      return confdFuncs((reader = new Reader(view)), funcs);
    };
    return ended({ status: 'rendered', rendering: await render(template, makeFuncs, limits, clock) });
  } catch (error) {
    const known = () => ({
      functions: declare(funcs.keyring).keys(),
      keys: view.keys(),
      outside: outsideOf(resource, view),
    });
    // A template that does not compile has not read any value.
    const hide = (text: string) =>
      template === null
        ? text
        : redactValues(funcs.keyring?.hide(text) ?? text, {
            sources: templatesOf(error),
            keys: view.keys(),
            values: reader.values(),
          });
    return ended({ status: 'failed', error: explain(error, resource, known, hide) });
  }
}

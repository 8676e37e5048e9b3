import { fromText } from '../../go/bytes.ts';
import { TemplateError } from '../../template/engine/engine.ts';
import { hintsOn, type Known } from '../../template/hints/hints.ts';
import { AgentError } from '../resource/error.ts';
import type { ResourceTemplate } from '../resource/resource.ts';

/** Adds to a template error which template it was, where, and what was probably meant; a bug is returned unchanged. */
export function explain(
  error: unknown,
  { template, file }: ResourceTemplate,
  known: () => Known,
  hide: (message: string) => string,
): unknown {
  if (error instanceof TemplateError) {
    // confd's message names the template only; hundreds of resources may use it.
    const of = error.message === `Missing template: ${template}` ? ` (src in ${file})` : '';
    return new AgentError(hide(error.message) + of, { cause: error, advice: hintsOn(error, known()) });
  }
  if (error instanceof AgentError) return new AgentError(`${template}: ${error.message}`, { cause: error.cause });
  return error;
}

/** The sources and the names of the templates that an error passed through, as byte strings. */
export function templatesOf(error: unknown): string[] {
  const texts: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof TemplateError && at.file !== null) texts.push(at.file.text, fromText(at.file.path));
  }
  return texts;
}

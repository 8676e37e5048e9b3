import { fromText } from '../../go/bytes.ts';
import { TemplateError } from '../../template/engine/engine.ts';
import { hintsOn, type Known } from '../../template/hints/hints.ts';
import { AgentError } from '../resource/error.ts';
import type { ResourceTemplate } from '../resource/resource.ts';

/** What a render fails with tells which template it was, where in it, and what may have been meant; a bug stays what it is. */
export function explain(
  error: unknown,
  { template, file }: ResourceTemplate,
  known: () => Known,
  hide: (message: string) => string,
): unknown {
  if (error instanceof TemplateError) {
    // confd's words name the template alone, and it may be one of hundreds of resources that misspells it.
    const of = error.message === `Missing template: ${template}` ? ` (src in ${file})` : '';
    return new AgentError(hide(error.message) + of, { cause: error, advice: hintsOn(error, known()) });
  }
  if (error instanceof AgentError) return new AgentError(`${template}: ${error.message}`, { cause: error.cause });
  return error;
}

/** The texts of the templates that an error came through, and their names, as byte strings. */
export function templatesOf(error: unknown): string[] {
  const texts: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof TemplateError && at.file !== null) texts.push(at.file.text, fromText(at.file.path));
  }
  return texts;
}

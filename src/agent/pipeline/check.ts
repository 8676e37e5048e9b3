import { TemplateError } from '../../template/engine/engine.ts';
import { type CommandFiles, run, type CommandDeps } from '../resource/command.ts';
import { AgentError } from '../resource/error.ts';
import type { Resource } from '../resource/resource.ts';

/** Runs check_cmd, if there is one, on the staged file. Throws AgentError when the command fails. */
export async function check(resource: Resource, files: CommandFiles, deps: CommandDeps): Promise<void> {
  if (resource.check === null) return;
  let failure: string | null;
  try {
    failure = await run(resource.check, files, deps);
  } catch (cause) {
    if (!(cause instanceof AgentError) && !(cause instanceof TemplateError)) throw cause;
    throw new AgentError(`Config check failed: ${cause.message}`, { cause });
  }
  if (failure !== null) throw new AgentError(`Config check failed: ${failure}`);
}

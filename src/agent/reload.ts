import { type CommandFiles, run, type Surroundings } from './command.ts';
import { AgentError } from './error.ts';
import type { Resource } from './resource.ts';

/** Runs reload_cmd, if there is one. Throws AgentError with confd's bare text ("exit status 1"), or TemplateError. */
export async function reload(resource: Resource, files: CommandFiles, surroundings: Surroundings): Promise<void> {
  if (resource.reload === null) return;
  const failure = await run(resource.reload, files, surroundings);
  if (failure !== null) throw new AgentError(failure);
}

import type { Clock } from '../obs/clock.ts';
import type { Backend } from './backend.ts';
export interface FileSettings {
  readonly files: readonly string[];
  readonly filter: string;
  readonly clock: Clock;
}
export function fileBackend(_settings: FileSettings): Promise<Backend> {
  throw new Error('not yet');
}

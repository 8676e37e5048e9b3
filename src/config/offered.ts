import { missingReaders, storeSettings } from '../backend/entries.ts';
import { agentSettings, startSettings } from './flags.ts';
import type { Setting } from './schema/schema.ts';

/** The settings for this release, by topic: settings that only missing stores read are accepted, but not listed. */
export const offered: readonly Setting[] = [agentSettings, startSettings, storeSettings]
  .flatMap((part) => Object.values<Setting>(part))
  .filter(({ name }) => missingReaders(name).length === 0);

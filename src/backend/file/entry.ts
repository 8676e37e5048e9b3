import { listSetting, textSetting } from '../../config/schema/schema.ts';
import { redact } from '../../go/redact.ts';
import { systemClock } from '../../obs/clock.ts';
import { openableEntry } from '../contract/entry.ts';

export const fileEntry = openableEntry({
  name: 'file',
  description: 'YAML or JSON files',
  settings: {
    files: listSetting(
      'file',
      'YAML or JSON `file`, or directory of such files, for the file backend (may be repeated)',
    ),
    filter: textSetting('filter', 'pattern of the file names that the file backend reads in a directory', {
      default: '*',
    }),
  },
  traits: { canWatch: true, selects: 'text' },
  placesOf: ({ files }) => files.map(redact),
  async open({ files, filter, log }) {
    const { fileBackend } = await import('./file.ts');
    return fileBackend({ files, filter, clock: systemClock, warn: log.warning.bind(log) });
  },
});

import { redact } from '../../go/redact.ts';
import { rows } from './settings.ts';
import { SettingError, type Given } from './layers.ts';

/** Messages about settings, one line each. Throws SettingError for the first setting that is refused. */
export function notesOn(given: ReadonlyMap<string, Given>): string[] {
  const notes: string[] = [];
  for (const { spec, fate } of rows) {
    const { value, where } = given.get(spec.name) ?? { value: '', where: '' };
    if (value === '' || value === false || fate === 'used') continue;
    if ('refuses' in fate) throw new SettingError(`${where}: ${fate.refuses}`);
    notes.push(`${where} ${'warns' in fate ? fate.warns : fate.notes}`);
  }
  return [...notes, ...snapshotNotes(given), ...corsNotes(given), ...addressNotes(given)];
}

function snapshotNotes(given: ReadonlyMap<string, Given>): string[] {
  const { value, where } = given.get('snapshot') ?? {};
  if (value !== false) return [];
  return [`${where}: no snapshots are taken: the log and the time of a start grow with every change`];
}

function corsNotes(given: ReadonlyMap<string, Given>): string[] {
  const { value = '', where } = given.get('cors') ?? {};
  const entries = String(value)
    .split(',')
    .map((entry) => entry.trim());
  const odd = entries.filter((entry) => entry !== '' && !/^(?:\*|null|[a-z][a-z0-9+.-]*:\/\/[^/\s]+)$/.test(entry));
  return odd.map(
    (entry) => `${where}: ${redact(entry)} allows no page: browsers send origins as http://host or http://host:port`,
  );
}

/** A server can listen on "all addresses", but clients cannot use that as an address. */
function addressNotes(given: ReadonlyMap<string, Given>): string[] {
  const reported = ['addr', 'advertise-client-urls'].filter((name) => String(given.get(name)?.value ?? '') !== '');
  const names = reported.length > 0 ? reported : ['bind-addr', 'listen-client-urls'];
  return names.flatMap((name) => {
    const { value = '', where } = given.get(name) ?? {};
    const any = /(?:^|[/,\s])(0\.0\.0\.0|\[::\])(?=[:,]|$)/.exec(String(value))?.[1];
    if (any === undefined) return [];
    const way = name.endsWith('urls')
      ? '-advertise-client-urls http://<this machine>:<port>'
      : '-addr <this machine>:<port>';
    return [
      `${where}: clients that ask for the address of this store get ${any}: set the address of this machine with ${way}`,
    ];
  });
}

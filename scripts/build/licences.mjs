// What the licences of the bundled packages ask for: their text, in one file beside the bundle.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const rule = '='.repeat(80);
const head = `confd-node is under the MIT licence (see LICENSE). Its bundle holds the packages below, each under its own.

openpgp is under the LGPL. It is bundled as it came, minified, into files of its own (openpgp-*.js and the
chunks that these import), which are loaded when a -secret-keyring is used and which you may replace.
`;

/** The text of THIRD-PARTY.txt for the bundled files, whose paths count from root. Throws where a licence is unknown. */
export function thirdParty(root, files) {
  const folders = new Set([...files].map((file) => /^(.*\bnode_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]));
  folders.delete(undefined);
  const packages = new Map([...folders].map((folder) => describe(join(root, folder))));
  const sorted = [...packages].sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = sorted.map(([title, text]) => `${rule}\n${title}\n${rule}\n\n${text}\n`);
  const lgpl = sorted.some(([title]) => /LGPL/.test(title));
  // The LGPL's text adds to that of the GPL, and asks for both.
  const gpl = lgpl ? [readFileSync(join(root, 'scripts/build/GPL-3.0.txt'), 'utf8')] : [];
  return [head, ...parts, ...gpl.map((text) => `${rule}\nGNU General Public License\n${rule}\n\n${text}`)].join('\n');
}

function describe(folder) {
  const { name, version, license, author, homepage } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (typeof license !== 'string') throw new Error(`${folder}: no licence`);
  const names = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)\b/i.test(file));
  const texts = names.sort().map((file) => readFileSync(join(folder, file), 'utf8').trim());
  const by = [author?.name ?? author, homepage].filter((text) => typeof text === 'string').join(', ');
  if (texts.length === 0) texts.push(`${license}${by === '' ? '' : `, by ${by}`}; the package has no licence file.`);
  return [`${name} ${version} (${license})`, texts.join('\n\n')];
}

// What makes a page of docs/ of the code's own data.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What these modules of src/ export. */
export async function importSources(...modules) {
  const contents = modules.map((name) => `export * from './src/${name}.ts';`).join('\n');
  const options = { bundle: true, format: 'esm', platform: 'node', packages: 'external', write: false };
  const { outputFiles } = await build({ stdin: { contents, resolveDir: root }, ...options });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
}

export const table = (...rows) => {
  const [head, ...others] = rows.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
  return [head, `|${'---|'.repeat(rows[0].length)}`, ...others].join('\n');
};

export const ticked = (words) => words.map((word) => `\`${word}\``).join(', ');

/** Prints the page. With --write it is replaced; without it, a page that differs is an error. */
export function publish(name, parts) {
  const page = join(root, name);
  const whole = `${parts.join('\n\n')}\n`;
  const before = existsSync(page) ? readFileSync(page, 'utf8') : '';
  console.log(whole);
  if (process.argv.includes('--write')) writeFileSync(page, whole);
  else if (before !== whole) {
    console.error(`${name} says something else (--write puts it right)`);
    process.exitCode = 1;
  }
}

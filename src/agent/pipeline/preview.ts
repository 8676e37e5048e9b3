import { readFile } from 'node:fs/promises';
import { counted } from '../../go/count.ts';
import { modeText } from '../../go/os.ts';
import type { Difference } from './compare.ts';
import { countChanges } from './line-count.ts';
import type { Rendering } from '../render/render.ts';
import type { Resource } from '../resource/resource.ts';

/** For larger files only the sizes are shown. */
const maxBytes = 16 * 1024 * 1024;

/** What a pass would do to dest, in one line without any content. */
export async function preview(rendering: Rendering, resource: Resource, difference: Difference): Promise<string> {
  const { dest } = resource;
  const { changed, present, wished } = difference;
  if (!changed) return `${dest} would stay as it is`;
  const { mode, uid, gid } = wished;
  const commands = [resource.check && 'check_cmd', resource.reload && 'reload_cmd'].filter((key) => key !== null);
  const run = commands.length === 0 ? '' : `; ${commands.join(' and ')} would run`;
  if (present === null) {
    const owner = `owner ${uid}, group ${gid}`;
    return `${dest} would be made: ${counted(rendering.size, 'byte')}, mode ${modeText(mode)}, ${owner}${run}`;
  }
  const { stat, md5 } = present;
  const changes: string[] = [];
  if (md5 !== rendering.md5) changes.push(await contentChange(rendering, dest, stat.size));
  if ((stat.mode & 0o7777) !== mode) changes.push(`mode from ${modeText(stat.mode)} to ${modeText(mode)}`);
  if (stat.uid !== uid) changes.push(`owner from ${stat.uid} to ${uid}`);
  if (stat.gid !== gid) changes.push(`group from ${stat.gid} to ${gid}`);
  return `${dest} would change: ${changes.join(', ')}${run}`;
}

async function contentChange(rendering: Rendering, dest: string, size: number): Promise<string> {
  const sizes = `content from ${counted(size, 'byte')} to ${counted(rendering.size, 'byte')}`;
  if (size > maxBytes || rendering.size > maxBytes) return sizes;
  const before = await readFile(dest, 'latin1').catch(() => null);
  if (before === null) return sizes;
  const after = Buffer.concat(rendering.chunks).toString('latin1');
  const { added, removed, isExact } = countChanges(linesOf(before), linesOf(after));
  const least = isExact ? '' : 'at least ';
  return `${sizes} (${least}${counted(added, 'line')} added, ${removed} removed)`;
}

/** A last line without a newline differs from the same line with one. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

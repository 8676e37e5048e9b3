import { BackendError } from './backend.ts';

/**
 * A test for file names by a pattern of Go's path.Match: * ? [a-z] [^a-z] and \ before a character to take literally.
 * BackendError 'settings' when the pattern is malformed.
 */
export function compileGlob(pattern: string): (name: string) => boolean {
  let source = '';
  for (let rest = pattern; rest !== '';) {
    const [part] = /^(\*|\?|\[\^?(?:\\?[^\]\\](?:-\\?[^\]\\])?|\\\](?:-\\?[^\]\\])?)+\]|\\[^]|[^\\[])/u.exec(rest) ?? [
      '',
    ];
    if (part === '') throw new BackendError('settings', `the filter "${pattern}": syntax error in pattern`);
    source += translated(part);
    rest = rest.slice(part.length);
  }
  const expression = new RegExp(`^${source}$`, 'su');
  return (name) => expression.test(name);
}

function translated(part: string): string {
  if (part === '*') return '[^/]*';
  if (part === '?') return '[^/]';
  if (part.startsWith('[')) return part.replace(/\\(.)/gsu, (_escape, char: string) => literal(char));
  return literal(part.replace(/^\\/, ''));
}

function literal(char: string): string {
  return char.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
}

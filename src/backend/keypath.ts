/** A key made clean: one slash between names, none at the end, "." and ".." resolved. */
export function cleanKey(key: string): string {
  const names: string[] = [];
  for (const name of key.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return `/${names.join('/')}`;
}

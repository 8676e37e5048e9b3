const maxNameLength = 254;
const defaultDots = 1;
const maxDots = 15;

/** The full names to try, in order, for a name that may be short; from the text of /etc/resolv.conf. */
export function fullNames(name: string, resolvConf: string): string[] {
  if (name.endsWith('.')) return [name];
  const { suffixes, dots } = parse(resolvConf);
  const searched = suffixes.map((suffix) => `${name}.${suffix}`).filter((full) => full.length < maxNameLength);
  return name.split('.').length > dots ? [name, ...searched] : [...searched, name];
}

function parse(text: string): { suffixes: readonly string[]; dots: number } {
  let suffixes: readonly string[] = [];
  let dots = defaultDots;
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === 'domain' && rest.length > 0) suffixes = rest.slice(0, 1);
    if (word === 'search') suffixes = rest;
    if (word !== 'options') continue;
    // As in Go, the last one counts, and a text that is not a number is 0.
    for (const option of rest) {
      const [, digits] = /^ndots:(\d*)/.exec(option) ?? [];
      if (digits !== undefined) dots = Math.min(Number(digits), maxDots);
    }
  }
  return { suffixes: suffixes.map((suffix) => suffix.replace(/\.$/, '')).filter((suffix) => suffix !== ''), dots };
}

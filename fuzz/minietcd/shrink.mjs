/** The fewest steps, with the fewest parameters, that still fail. */
export async function shrink(steps, fails) {
  let least = steps;
  for (let size = Math.ceil(least.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < least.length;) {
      const fewer = [...least.slice(0, at), ...least.slice(at + size)];
      if (fewer.length > 0 && (await fails(fewer))) least = fewer;
      else at += size;
    }
  }
  for (let at = 0; at < least.length; at++) least = await simplify(await dropManners(least, at, fails), at, fails);
  return least;
}

/** Sends a request in the plainest way that still fails. */
async function dropManners(steps, at, fails) {
  let least = steps;
  for (const name of Object.keys(steps[at].manner ?? {})) {
    const manner = { ...least[at].manner };
    delete manner[name];
    const plainer = least.with(at, { ...least[at], manner });
    if (await fails(plainer)) least = plainer;
  }
  return least;
}

async function simplify(steps, at, fails) {
  let least = steps;
  for (const field of ['target', 'body']) {
    const mark = field === 'target' ? least[at].target.indexOf('?') + 1 : 0;
    if (field === 'target' && mark === 0) continue;
    for (let n = least[at][field].slice(mark).split('&').length - 1; n >= 0; n--) {
      const parts = least[at][field]
        .slice(mark)
        .split('&')
        .filter((_, k) => k !== n);
      const text = least[at][field].slice(0, mark) + parts.join('&');
      const fewer = least.with(at, { ...least[at], [field]: text });
      if (await fails(fewer)) least = fewer;
    }
  }
  return least;
}

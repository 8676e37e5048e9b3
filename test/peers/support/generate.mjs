// Random stores, resources and templates in which the two agents must agree.

/** mulberry32: the same seed makes the same cases. */
export function randomFrom(seed) {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n) => Math.floor(next() * n);
  return { next, below, pick: (list) => list[below(list.length)] };
}

const names = ['a', 'b', 'app', 'apps', 'db', 'x1', 'x2', 'x10', 'web', 'zz'];
const values = [
  '',
  '1',
  '0',
  'true',
  'yes',
  '3.5',
  '10.0.0.1:80',
  'a b',
  'é日',
  '{"k":[1,2]}',
  '["x"]',
  'p,q,r',
  '%d%',
  '{{',
  "it's",
];

/** A tree of keys: none is both a value and a folder. */
export function randomPairs(random) {
  const pairs = new Map();
  const fill = (folder, depth) => {
    for (const name of names.filter(() => random.next() < 0.45)) {
      const key = `${folder}/${name}`;
      if (depth < 3 && random.next() < 0.4) fill(key, depth + 1);
      else pairs.set(key, random.pick(values));
    }
  };
  while (pairs.size < 3) {
    pairs.clear();
    fill('', 1);
  }
  return pairs;
}

/** Every folder and key of a store. */
function paths(pairs) {
  const all = new Set(['/']);
  for (const key of pairs.keys()) {
    for (let end = key.length; end > 0; end = key.lastIndexOf('/', end - 1)) all.add(key.slice(0, end));
  }
  return [...all];
}

function pattern(random, pairs) {
  const parts = random
    .pick([...pairs.keys()])
    .split('/')
    .slice(1);
  return parts
    .map((part) => (random.next() < 0.5 ? random.pick(['*', `${part[0]}*`, '?', '[a-m]*', '*1*']) : part))
    .reduce((all, part) => `${all}/${part}`, '');
}

/** A piece of a template; `dot` says that the dot is a text. */
function piece(random, pairs, depth, dot) {
  const some = () => JSON.stringify(random.next() < 0.85 ? random.pick([...pairs.keys()]) : '/none/such');
  const match = () => JSON.stringify(pattern(random, pairs));
  const folder = () => JSON.stringify(random.pick(paths(pairs)));
  const inner = (text) => (depth < 3 ? piece(random, pairs, depth + 1, text) : '.');
  const text = () => (dot && random.next() < 0.6 ? '.' : `(getv ${some()} ${random.pick(['""', '"d"', '"x,y"'])})`);
  return random.pick([
    () => `k {{getv ${some()} "d"}}\n`,
    () => `{{if exists ${some()}}}${inner(dot)}{{else}}-${inner(dot)}{{end}}`,
    () => `{{range gets ${match()}}}{{.Key}}:{{.Value}}{{with .Value}}${inner(true)}{{end}} {{else}}none {{end}}\n`,
    () => `{{range $i, $v := getvs ${match()}}}{{$i}}.{{$v}}${inner(true)} {{end}}`,
    () => `{{range ls ${folder()}}}${inner(true)}{{.}} {{end -}}\n `,
    () => `{{range lsdir ${folder()}}}{{.}}${inner(true)}{{else}}no folder{{end}} `,
    () => `{{join (reverse (split ${text()} ",")) ";"}} {{toUpper ${text()}}} {{base ${text()}}} {{dir ${text()}}} `,
    () =>
      `{{len ${text()}}} {{printf "%q %-6s|%x" ${text()} ${text()} ${text()}}} {{base64Encode ${text()} | base64Decode}}\n`,
    () => `{{with $p := ${text()}}}{{$p}}${inner(true)}{{else}}empty{{end}}`,
    () => `{{if or (eq ${text()} "1") (contains ${text()} "a")}}${inner(dot)}{{else if lt ${text()} "b"}}lt{{end}} `,
    () =>
      `{{range sortKVByLength (gets ${match()})}}{{base .Key}} {{end}}{{html ${text()}}} {{urlquery ${text()}}} {{js ${text()}}}\n`,
    () =>
      `{{range seq 1 (len (split ${text()} ","))}}{{add . 1}} {{mod . 2}};{{end}}{{replace ${text()} "1" "one" -1}} `,
  ])();
}

export function randomTemplate(random, pairs) {
  return Array.from({ length: 1 + random.below(6) }, () => piece(random, pairs, 0, false)).join('');
}

/** A resource's fields beside src and dest; what etcd v2 does not have is never asked for. */
export function randomFields(random, pairs) {
  const fields = {};
  const tops = paths(pairs).filter((path) => path !== '/');
  if (random.next() < 0.4) {
    const prefix = random.pick(tops.filter((path) => !pairs.has(path)).concat('/'));
    const inside = tops.filter((path) => path.startsWith(`${prefix}/`)).map((path) => path.slice(prefix.length));
    fields.prefix = random.next() < 0.3 ? prefix.slice(1) : prefix;
    fields.keys =
      prefix === '/' || inside.length === 0 ? ['/'] : [random.pick(inside), random.pick(['/', random.pick(inside)])];
  } else fields.keys = random.next() < 0.5 ? ['/'] : [random.pick(tops), random.pick(tops)];
  if (random.next() < 0.6) fields.mode = random.pick(['0644', '0600', '0o640', '0x1a4', '0755', '0400', '0666']);
  return fields;
}

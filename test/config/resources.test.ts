import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { loadResources } from '../../src/config/resources.ts';
import { specOf } from '../helpers/pipeline.ts';

let confdir = '';
beforeEach(() => {
  confdir = mkdtempSync(join(tmpdir(), 'confd-resources-'));
});
afterEach(() => {
  rmSync(confdir, { recursive: true });
});

/** Writes a file below confdir and gives its path. */
function put(name: string, text: string): string {
  const path = join(confdir, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const good = '[template]\nsrc = "a.tmpl"\ndest = "/tmp/a"\n';

describe('one file that cannot work', () => {
  const forms: Record<string, string> = {
    boolean: 'write true or false, without quotes',
    integer: 'write a whole number, without quotes',
    map: 'write it as a table',
    slice: 'write a list of texts, as in ["one", "two"]',
    string: 'write it in quotes',
  };
  const types = (type: string, wanted: string, form = forms[wanted]!): string =>
    `incompatible types: TOML value has type ${type}; destination has type ${wanted} (${form})`;
  const mode = 'write the mode as an octal number in quotes, as in mode = "0644"';
  const id = 'write the number without quotes; owner and group take names';
  const duration = 'write a duration in quotes, as in "30s"';
  test.each<[string, string]>([
    ['', 'empty src template (there is no [template] table)'],
    ['src = "a"\ndest = "b"', 'empty src template (there is no [template] table)'],
    ['[template]\ndest = "b"', 'empty src template'],
    ['[template]\nsrc = "a"', 'empty dest'],
    ['[[template]]\nsrc = "a"', `toml: line 1 (last key "template"): ${types('[]map[string]interface {}', 'map')}`],
    ['template = 1', `toml: line 1 (last key "template"): ${types('int64', 'map')}`],
    [`${good}keys = "/"`, `toml: line 4 (last key "template.keys"): ${types('string', 'slice')}`],
    [`${good}keys = [\n1]`, `toml: line 4 (last key "template.keys"): ${types('int64', 'string')}`],
    [`${good}\n\nmode = 644`, `toml: line 6 (last key "template.mode"): ${types('int64', 'string', mode)}`],
    [
      `${good}mode = "rw-r--r--"`,
      `toml: line 4 (last key "template.mode"): strconv.ParseUint: parsing "rw-r--r--": invalid syntax (${mode})`,
    ],
    [
      `${good}mode = "0999"`,
      `toml: line 4 (last key "template.mode"): strconv.ParseUint: parsing "0999": invalid syntax (${mode})`,
    ],
    [`${good}uid = 0033`, 'toml: line 4: an integer cannot have leading zeroes: leave them out'],
    [
      `${good}uid = 18446744073709551616`,
      'toml: line 4 (last key "template.uid"): the number is out of range for int64',
    ],
    [
      `${good}gid = 0xffffffffffffffffff`,
      'toml: line 4 (last key "template.gid"): the number is out of range for int64',
    ],
    [`${good}mode = 0644`, 'toml: line 4: an integer cannot have leading zeroes: put the value in quotes'],
    [`${good}uid = "root"`, `toml: line 4 (last key "template.uid"): ${types('string', 'integer', id)}`],
    [`${good}gid = "33"`, `toml: line 4 (last key "template.gid"): ${types('string', 'integer', id)}`],
    [`${good}uid = 1.0`, `toml: line 4 (last key "template.uid"): ${types('float64', 'integer')}`],
    [`${good}uid = -2`, 'toml: line 4 (last key "template.uid"): -2 is not the id of a user or group'],
    [`${good}gid = 4294967295`, 'toml: line 4 (last key "template.gid"): 4294967295 is not the id of a user or group'],
    [`${good}owner = true`, `toml: line 4 (last key "template.owner"): ${types('bool', 'string')}`],
    [`${good}check_cmd = ["x"]`, `toml: line 4 (last key "template.check_cmd"): ${types('[]interface {}', 'string')}`],
    [
      `${good}engine = "jinja"`,
      'toml: line 4 (last key "template.engine"): there is no engine "jinja": it is "go" or "handlebars"',
    ],
    [`${good}engine = 1`, `toml: line 4 (last key "template.engine"): ${types('int64', 'string')}`],
    [`${good}strict = "no"`, `toml: line 4 (last key "template.strict"): ${types('string', 'boolean')}`],
    [
      `${good}min_keys = -1`,
      'toml: line 4 (last key "template.min_keys"): -1 is negative: a number of keys is 0 or more',
    ],
    [`${good}min_keys = "3"`, `toml: line 4 (last key "template.min_keys"): ${types('string', 'integer')}`],
    [`${good}allow_empty = 0`, `toml: line 4 (last key "template.allow_empty"): ${types('int64', 'boolean')}`],
    [`${good}reload_cmd = 1`, `toml: line 4 (last key "template.reload_cmd"): ${types('int64', 'string')}`],
    [
      `${good}check_cmd_timeout = 5`,
      `toml: line 4 (last key "template.check_cmd_timeout"): ${types('int64', 'string', duration)}`,
    ],
    [
      `${good}reload_cmd_timeout = "5"`,
      'toml: line 4 (last key "template.reload_cmd_timeout"): time: missing unit in duration "5" (write a duration in quotes, as in "30s")',
    ],
    [
      `${good}reload_cmd_timeout = "0s"`,
      'toml: line 4 (last key "template.reload_cmd_timeout"): a timeout must be greater than 0, as in "30s"',
    ],
    [
      `${good}mode = "99999999999"`,
      `toml: line 4 (last key "template.mode"): strconv.ParseUint: parsing "99999999999": value out of range (${mode})`,
    ],
  ])('%j', async (text, message) => {
    const bad = put('conf.d/bad.toml', text);
    const fine = put('conf.d/fine.toml', good);
    const { specs, errors, found } = await loadResources(confdir);
    expect(errors.map((error) => error.message)).toEqual([`Cannot process template resource ${bad} - ${message}`]);
    expect(errors[0]!.file).toBe(bad);
    const line = /line (\d+)/.exec(message)?.[1];
    if (line !== undefined) expect(errors[0]!.line).toBe(Number(line));
    expect(specs.map(({ file }) => file)).toEqual([fine]);
    expect(found).toEqual([bad, fine]);
  });

  test('a duplicate key', async () => {
    put('conf.d/a.toml', `${good}src = "b"`);
    const { errors } = await loadResources(confdir);
    expect(errors[0]!.message).toMatch(/a\.toml - toml: line 4: Can't redefine existing key$/);
  });

  test('a link to nothing', async () => {
    mkdirSync(join(confdir, 'conf.d'));
    const link = join(confdir, 'conf.d/gone.toml');
    symlinkSync('/nowhere', link);
    put('conf.d/a.toml', good);
    const { specs, errors } = await loadResources(confdir);
    expect(errors.map(({ message }) => message)).toEqual([`stat ${link}: no such file or directory`]);
    expect(specs).toHaveLength(1);
  });
});

describe('a confdir without resources', () => {
  test('that does not exist', async () => {
    const none = join(confdir, 'none');
    expect(await loadResources(none)).toEqual({
      specs: [],
      errors: [],
      warnings: [
        expect.objectContaining({ message: `Cannot load template resources: confdir '${none}' does not exist` }),
      ],
      found: [],
    });
  });

  test('without conf.d', async () => {
    const { errors, warnings } = await loadResources(confdir);
    expect(errors.map(({ message }) => message)).toEqual([`stat ${confdir}/conf.d: no such file or directory`]);
    expect(warnings).toEqual([]);
  });

  test('with an empty conf.d', async () => {
    mkdirSync(join(confdir, 'conf.d'));
    expect(await loadResources(confdir)).toMatchObject({
      errors: [],
      warnings: [expect.objectContaining({ message: `Found no templates in ${confdir}/conf.d` })],
    });
  });
});

describe('a file of the command line', () => {
  const names = async (extra: string): Promise<string[]> =>
    (await loadResources(confdir, extra)).found.map((path) => path.slice(confdir.length + 1));

  test('a file of the command line, once', async () => {
    put('conf.d/a.toml', good);
    const other = put('other.toml', good);
    expect(await names(other)).toEqual(['conf.d/a.toml', 'other.toml']);
    expect(await names(join(confdir, 'conf.d/../conf.d/a.toml'))).toEqual(['conf.d/a.toml']);
  });

  test('a file of the command line when there is no conf.d', async () => {
    const { specs, errors } = await loadResources(confdir, put('other.toml', good));
    expect(specs).toHaveLength(1);
    expect(errors).toHaveLength(1);
  });
});

describe('what a resource says', () => {
  const one = async (text: string) => {
    put('conf.d/a.toml', text);
    const { specs, warnings, errors } = await loadResources(confdir);
    expect(errors).toEqual([]);
    return { spec: specs[0]!, warnings: warnings.map(({ message }) => message.replace(`${confdir}/`, '')) };
  };

  test('nothing but src and dest', async () => {
    const { spec, warnings } = await one(good);
    expect(spec).toEqual(specOf('/tmp/a', { file: join(confdir, 'conf.d/a.toml'), src: 'a.tmpl' }));
    expect(warnings).toEqual([]);
  });

  test('everything, in any case, behind a byte order mark and with CRLF', async () => {
    const lines = [
      '[Template] # c',
      'SRC = "a"',
      'Dest = "b"',
      'keys = ["/a", "/é"]',
      'prefix = "/p"',
      'mode = "0640"',
      'owner = "nginx"',
      'group = 33',
      'uid = 0',
      'gid = -1',
      'CHECK_CMD = "c {{.src}}"',
      'reload_cmd = "r"',
      'check_cmd_timeout = "1m"',
      'reload_cmd_timeout = "1.5s"',
      'Engine = "handlebars"',
      'strict = false',
      'min_keys = 3',
      'allow_empty = false',
      'stagefile = "x"',
    ];
    const { spec, warnings } = await one(`\ufeff${lines.join('\r\n')}\r\n`);
    expect(spec).toMatchObject({ src: 'a', dest: 'b', keys: ['/a', '/é'], prefix: '/p', mode: 0o640 });
    expect(spec).toMatchObject({ owner: 'nginx', group: '33', uid: 0, gid: null });
    expect(spec).toMatchObject({ checkCmd: 'c {{.src}}', reloadCmd: 'r', checkTimeoutMs: 60_000 });
    expect(spec.reloadTimeoutMs).toBe(1500);
    expect(spec).toMatchObject({ engine: 'handlebars', strict: false, minKeys: 3, allowEmpty: false });
    expect(Object.isFrozen(spec)).toBe(true);
    expect(warnings).toEqual([]);
  });

  test.each<[string, number | null]>([
    ['0644', 0o644],
    ['0o644', 0o644],
    ['0x1a4', 0o644],
    ['0b110100100', 0o644],
    ['0_644', 0o644],
    ['07777', 0o777],
    ['04755', 0o755],
    ['0', 0],
    ['', null],
  ])('mode "%s"', async (mode, bits) => {
    const { spec, warnings } = await one(`${good}mode = "${mode}"`);
    expect(spec.mode).toBe(bits);
    expect(warnings).toEqual([]);
  });

  test.each<[string, number, string]>([
    ['644', 0o204, 'a decimal number and gives the mode 0204; write "0644" if that is what you mean'],
    ['1_000', 0o750, 'a decimal number and gives the mode 0750'],
    ['999', 0o747, 'a decimal number and gives the mode 0747'],
  ])('mode "%s" is doubted', async (mode, bits, warning) => {
    const { spec, warnings } = await one(`${good}mode = "${mode}"`);
    expect(spec.mode).toBe(bits);
    expect(warnings).toEqual([`conf.d/a.toml:4: mode "${mode}" is ${warning}`]);
  });

  test.each<[string, string]>([
    ['zebra = 1', 'unknown key "zebra" is ignored'],
    ['__proto__ = 1', 'unknown key "__proto__" is ignored'],
  ])('%j is doubted', async (text, warning) => {
    const { warnings } = await one(`${good}${text}`);
    expect(warnings).toEqual([`conf.d/a.toml:4: ${warning}`]);
  });
});

describe('a misspelt key', () => {
  const rows: [string, string, string][] = [
    [`${good}chek_cmd = "x"`, 'template.chek_cmd', 'check_cmd'],
    [`${good}checkcmd = "x"`, 'template.checkcmd', 'check_cmd'],
    [`${good}reload-cmd = "x"`, 'template.reload-cmd', 'reload_cmd'],
    [`${good}key = ["/"]`, 'template.key', 'keys'],
    [`${good}[templates]\nx = 1`, 'templates', 'template'],
    [`${good}[backends]\nbackend = "env"`, 'backends', 'backend'],
    ['[template]\nsrc = "a"\n\ndset = "/tmp/a"', 'template.dset', 'dest'],
    ['# one\n# two\n\n[tempalte]\nsrc = "a"\ndest = "/tmp/a"', 'tempalte', 'template'],
    ['[template]\nsrc = "a"\ndest = "/tmp/a"\n[backend]\nbackend = "env"\nnodez = ["x"]', 'backend.nodez', 'nodes'],
  ];

  test.each(rows)('%j is refused', async (text, path, near) => {
    const bad = put('conf.d/a.toml', text);
    const line = 1 + text.split('\n').findIndex((each) => each.includes(path.split('.').at(-1)!));
    const { specs, errors } = await loadResources(confdir);
    const start = `Cannot process template resource ${bad} - toml: line ${line} (last key "${path}"): `;
    const key = path.split('.').at(-1)!;
    expect(specs).toEqual([]);
    expect(errors.map(({ message }) => message)).toEqual([
      `${start}there is no key "${key}"; did you mean "${near}"? (-lenient makes this a warning)`,
    ]);
  });

  test.each(rows)('%j is doubted with -lenient, also where something else is wrong', async (text, path, near) => {
    put('conf.d/a.toml', text);
    const { warnings } = await loadResources(confdir, null, undefined, true);
    expect(warnings.map(({ message }) => message).join()).toContain(
      `unknown key "${path.split('.').at(-1)!}" is ignored; did you mean "${near}"?`,
    );
  });
});

describe('a file that is nested thousands deep', () => {
  const n = 5000;
  test.each<[string, string, number | null]>([
    ['arrays', `${good}keys = ${'['.repeat(n)}${']'.repeat(n)}`, 4],
    ['arrays without end', `${good}keys = ${'['.repeat(n)}`, 4],
    ['inline tables', `${good}x = ${'{a='.repeat(n)}1${'}'.repeat(n)}`, 4],
    ['inline tables with dotted keys', `${good}x = {${'a.'.repeat(n)}a = 1}`, 4],
    ['a dotted key', `${good}\n${'a.'.repeat(n)}a = 1`, 5],
    ['a quoted dotted key', `${good}\n${'"a b".'.repeat(n)}a = 1`, 5],
    ['a header', `${good}\n\n[${'a.'.repeat(n)}a]\nb = 1`, 6],
    ['a header of many', `${good}[[${'a.'.repeat(n)}a]]\nb = 1`, 4],
    ['a header and a key of it', `${good}[${'a.'.repeat(60)}a]\nx=1\n${'b.'.repeat(60)}c = 1`, 6],
    [
      'many keys below it',
      `${good}[${'a.'.repeat(n)}a]\n${Array.from({ length: n }, (_, i) => `b${i}=1\n`).join('')}`,
      4,
    ],
  ])('%s: one error, and the others run', async (_name, text, line) => {
    const bad = put('conf.d/bad.toml', text);
    put('conf.d/fine.toml', good);
    const { specs, errors } = await loadResources(confdir);
    expect(specs).toHaveLength(1);
    expect(errors.map(({ message }) => message)).toEqual([
      `Cannot process template resource ${bad} - toml: line ${line}: nested more than 100 levels deep`,
    ]);
  });

  test('a line of many dots is none', async () => {
    put('conf.d/fine.toml', `${good}check_cmd = """\n${'.'.repeat(n)} = x\n"""\nreload_cmd = "${'a.'.repeat(n)}"`);
    expect((await loadResources(confdir)).errors).toEqual([]);
  });
});

test('what is no file', async () => {
  mkdirSync(join(confdir, 'conf.d'));
  execFileSync('mkfifo', [join(confdir, 'conf.d/pipe.toml')]);
  symlinkSync('/dev/zero', join(confdir, 'conf.d/zero.toml'));
  put('conf.d/long.toml', `${good}#${'x'.repeat(4 * 1024 * 1024)}`);
  put('conf.d/fine.toml', good);
  const { specs, errors } = await loadResources(confdir);
  expect(specs).toHaveLength(1);
  expect(errors.map(({ message }) => message)).toEqual([
    `Cannot process template resource ${confdir}/conf.d/long.toml - it is longer than 4194304 bytes`,
    `Cannot process template resource ${confdir}/conf.d/pipe.toml - it is not a regular file`,
    `Cannot process template resource ${confdir}/conf.d/zero.toml - it is not a regular file`,
  ]);
});

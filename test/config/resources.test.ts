import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { loadResources } from '../../src/config/resources.ts';

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
  const types = (type: string, wanted: string): string =>
    `incompatible types: TOML value has type ${type}; destination has type ${wanted}`;
  test.each<[string, string]>([
    ['', 'empty src template (there is no [template] table)'],
    ['src = "a"\ndest = "b"', 'empty src template (there is no [template] table)'],
    ['[template]\ndest = "b"', 'empty src template'],
    ['[template]\nsrc = "a"', 'empty dest'],
    ['[[template]]\nsrc = "a"', `toml: line 1 (last key "template"): ${types('[]map[string]interface {}', 'map')}`],
    ['template = 1', `toml: line 1 (last key "template"): ${types('int64', 'map')}`],
    [`${good}keys = "/"`, `toml: line 4 (last key "template.keys"): ${types('string', 'slice')}`],
    [`${good}keys = [\n1]`, `toml: line 4 (last key "template.keys"): ${types('int64', 'string')}`],
    [`${good}\n\nmode = 644`, `toml: line 6 (last key "template.mode"): ${types('int64', 'string')}`],
    [`${good}mode = 0644`, 'toml: line 4: an integer cannot have leading zeroes: put the value in quotes'],
    [`${good}uid = "root"`, `toml: line 4 (last key "template.uid"): ${types('string', 'integer')}`],
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
    [`${good}min_keys = -1`, 'toml: line 4 (last key "template.min_keys"): -1 is not a number of keys'],
    [`${good}min_keys = "3"`, `toml: line 4 (last key "template.min_keys"): ${types('string', 'integer')}`],
    [`${good}allow_empty = 0`, `toml: line 4 (last key "template.allow_empty"): ${types('int64', 'boolean')}`],
    [`${good}reload_cmd = 1`, `toml: line 4 (last key "template.reload_cmd"): ${types('int64', 'string')}`],
    [
      `${good}check_cmd_timeout = 5`,
      `toml: line 4 (last key "template.check_cmd_timeout"): ${types('int64', 'string')}`,
    ],
    [
      `${good}reload_cmd_timeout = "5"`,
      'toml: line 4 (last key "template.reload_cmd_timeout"): time: missing unit in duration "5"',
    ],
    [
      `${good}reload_cmd_timeout = "0s"`,
      'toml: line 4 (last key "template.reload_cmd_timeout"): a timeout must be longer than nothing, as in "30s"',
    ],
    [`${good}mode = "rw"`, 'toml: line 4 (last key "template.mode"): strconv.ParseUint: parsing "rw": invalid syntax'],
    [
      `${good}mode = "0999"`,
      'toml: line 4 (last key "template.mode"): strconv.ParseUint: parsing "0999": invalid syntax',
    ],
    [
      `${good}mode = "99999999999"`,
      'toml: line 4 (last key "template.mode"): strconv.ParseUint: parsing "99999999999": value out of range',
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
      warnings: [`Cannot load template resources: confdir '${none}' does not exist`],
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
      warnings: [`Found no templates in ${confdir}/conf.d`],
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
    return { spec: specs[0]!, warnings: warnings.map((warning) => warning.replace(`${confdir}/`, '')) };
  };

  test('nothing but src and dest', async () => {
    const { spec, warnings } = await one(good);
    expect(spec).toEqual({
      file: join(confdir, 'conf.d/a.toml'),
      src: 'a.tmpl',
      dest: '/tmp/a',
      keys: [],
      prefix: '',
      sources: [{ store: null, label: '', prefix: null }],
      mode: null,
      owner: null,
      group: null,
      uid: null,
      gid: null,
      checkCmd: '',
      reloadCmd: '',
      checkTimeoutMs: null,
      reloadTimeoutMs: null,
      engine: null,
      strict: true,
      minKeys: 0,
      allowEmpty: true,
    });
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
    ['checkcmd = "x"', 'unknown key "checkcmd" is ignored; did you mean "check_cmd"?'],
    ['reload-cmd = "x"', 'unknown key "reload-cmd" is ignored; did you mean "reload_cmd"?'],
    ['key = ["/"]', 'unknown key "key" is ignored; did you mean "keys"?'],
    ['zebra = 1', 'unknown key "zebra" is ignored'],
    ['__proto__ = 1', 'unknown key "__proto__" is ignored'],
    ['[templates]\nx = 1', 'unknown key "templates" is ignored; did you mean "template"?'],
  ])('%j is doubted', async (text, warning) => {
    const { warnings } = await one(`${good}${text}`);
    expect(warnings).toEqual([`conf.d/a.toml:4: ${warning}`]);
  });
});

import { expect, test } from '@jest/globals';
import { Num } from '../../../src/go/value.ts';
import { pointerToSRV, SRV } from '../../../src/template/funcs/srv.ts';

test('a record is a struct behind a pointer', () => {
  const { target, type } = pointerToSRV(new SRV('a.test.', 80, 1, 2));
  const fields = target?.type.fields?.map((field) => {
    const value = field.get(target);
    return [field.name, field.type.name, value instanceof Num ? value.value : value];
  });
  expect(type.name).toBe('*net.SRV');
  expect(fields).toEqual([
    ['Target', 'string', 'a.test.'],
    ['Port', 'uint16', 80n],
    ['Priority', 'uint16', 1n],
    ['Weight', 'uint16', 2n],
  ]);
});

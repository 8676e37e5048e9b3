import { expect, test } from '@jest/globals';
import { serve } from '../../../helpers/mini-etcd.ts';

test.each([
  ['PUT =/config/local/log {"Level":"DEBUG"}', '204 No Content', '', [true]],
  ['PUT =/config/local/log {"Level":"info"}', '204 No Content', '', [false]],
  ['PUT =/config/local/log {"Level":"ZZ"}', '400 Bad Request', '{"message":"Invalid log level ZZ"}', []],
  ['PUT =/config/local/log {"Level":1}', '400 Bad Request', '{"message":"Invalid json body"}', []],
  ['PUT =/config/local/log x', '400 Bad Request', '{"message":"Invalid json body"}', []],
  ['GET =/config/local/log', '405 Method Not Allowed', 'Method Not Allowed\n', []],
])('%s', async (line, status, body, heard) => {
  const levels: boolean[] = [];
  await using served = await serve(undefined, { setVerbose: (verbose) => levels.push(verbose) });
  expect(await served.ask(line)).toMatchObject({ status, body });
  expect(levels).toEqual(heard);
});

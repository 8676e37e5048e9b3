import { expect, test } from '@jest/globals';
import { failureOf } from '../../../src/agent/pipeline/outcome.ts';
import { AgentError } from '../../../src/agent/resource/error.ts';
import { TemplateError } from '../../../src/template/engine/engine.ts';
import { resourceOf } from '../../helpers/pipeline.ts';

const resource = resourceOf('/d');
const secret = 'hunter2';

test.each([
  [new AgentError('no', { advice: ['a', 'b'] }), 'no', ['a', 'b']],
  [new AgentError('no', { cause: new Error(secret) }), 'no', []],
  [new TemplateError('template: r.tmpl:1: no'), 'template: r.tmpl:1: no', []],
  [Object.assign(new Error('open /x: no'), { errno: -2 }), 'open /x: no', []],
])('%s is for the operator', (error, message, hints) => {
  const failure = failureOf(error, 'check', true, resource);
  expect(failure).toEqual({ status: 'failed', step: 'check', message, hints, pending: true, isBug: false });
  expect(JSON.stringify(failure)).not.toContain(secret);
});

test.each([
  ['TypeError', new TypeError(secret), 'TypeError'],
  ['RangeError', new RangeError(secret), 'RangeError'],
  ['SyntaxError', new SyntaxError(secret), 'SyntaxError'],
  ['something else', { at: secret }, 'Error'],
  ['nothing', undefined, 'Error'],
])('%s is a mistake of this program, told without what it says', (_name, bug, name) => {
  const failure = failureOf(bug, 'swap', false, resource);
  expect(failure).toMatchObject({ status: 'failed', step: 'swap', hints: [], pending: false, isBug: true });
  const [first, second] = failure.message.split('\n');
  expect(first).toBe(`Internal error while processing /conf.d/r.toml, please report it: ${name}`);
  expect(second).toMatch(/^\s+at /);
  expect(failure.message).not.toContain(secret);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withBoolValues } from '../../../src/cli/bool-flags.ts';
import { getCommand } from '../../../src/cli/get.ts';
import { restoreCommand } from '../../../src/cli/restore.ts';

test('an operand is not the value of the flag before it', () => {
  assert.deepEqual(withBoolValues(['get', '--hex', '00ff'], getCommand.spec), ['get', '--hex=true', '00ff']);
  assert.deepEqual(withBoolValues(['get', 'k', '--show-secrets'], getCommand.spec), ['get', 'k', '--show-secrets']);
});

test('the value of a flag stays its value', () => {
  const written = ['get', '--show-secrets', 'false', '--output', 'raw', 'k'];
  assert.deepEqual(withBoolValues(written, getCommand.spec), written);
});

test('a command without operands is left as it is', () => {
  assert.deepEqual(withBoolValues(['restore', '--plan', 'x'], restoreCommand.spec), ['restore', '--plan', 'x']);
});

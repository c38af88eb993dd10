import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { everyCommand } from '../../../src/cli/commands.ts';
import { takeOperands } from '../../../src/cli/take-operands.ts';
import { placedOptions } from '../../../src/config/command-spec.ts';

const commands = await everyCommand();

describe('what is wrong on the command line of any command', () => {
  for (const { spec } of commands) {
    it(`${spec.name}: each message ends with where to look`, () => {
      const help = `see etcdbrctl ${spec.name} --help`;
      const most = spec.operand === undefined ? 0 : (spec.operand.count?.most ?? 1);
      const words = Array.from({ length: most + 1 }, (_, at) => `word-${at}`);
      const refused = (given: readonly string[]) => () => takeOperands(spec, { words: given, argv: given });
      const [first] = placedOptions(spec);
      const flag = first?.spec.flag ?? assert.fail(spec.name);
      assert.throws(refused(words), (error: Error) => error.message.endsWith(help));
      assert.throws(refused(['--zzzzzzzz']), (error: Error) => error.message.endsWith(`has no such flag; ${help}`));
      assert.throws(refused([`--${flag}x`]), (error: Error) =>
        error.message.endsWith(`did you mean --${flag}? ${help}`),
      );
      if (spec.operand !== undefined) {
        assert.throws(refused([' ']), /is given without a value; is a variable empty\?$/);
      }
    });
  }
});

describe('a file that is given by its name alone', () => {
  const status = commands.find(({ spec }) => spec.name === 'status')?.spec ?? assert.fail('there is a status');
  for (const [word, wrong] of [
    ['~/backup.db', 'it begins with ~, which only a shell replaces'],
    ['$BACKUP/db', 'it holds a variable that was not replaced'],
    ['s3://bucket/full', 'it is a URL where a path is expected'],
    ['https://u:p@h/full', 'it looks like an address with user name and password'],
  ] as const) {
    it(`is refused where ${wrong}`, () => {
      assert.throws(
        () => takeOperands(status, { words: [word], argv: ['status', word] }),
        (error: Error) => error.message.startsWith(`cannot use FILE|DIR: ${wrong}; `) && !error.message.includes(word),
      );
    });
  }

  it('is no key: of those any may be meant', () => {
    const get = commands.find(({ spec }) => spec.name === 'get')?.spec ?? assert.fail('there is a get');
    assert.deepEqual(takeOperands(get, { words: ['~/a://b'], argv: ['get', '~/a://b'] }), ['~/a://b']);
  });
});

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

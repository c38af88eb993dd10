import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { everyCommand } from '../../../src/cli/commands.ts';
import { placedOptions } from '../../../src/config/command-spec.ts';
import type { OptionSpec } from '../../../src/config/option.ts';

const commands = await everyCommand();
const options: readonly OptionSpec[] = [
  ...new Map(
    commands.flatMap(({ spec }) => placedOptions(spec).map(({ spec: option }) => [option.help, option] as const)),
  ).values(),
];

/** The flags of the options about which something is found. */
function where(isFound: (option: OptionSpec) => boolean): readonly string[] {
  return options.filter(isFound).map(({ flag, help }) => `--${flag}: ${help}`);
}

/** Read one by one: completion shows an option without those around it, and so does a search. */
describe('the text of an option', () => {
  it('is whole sentences', () => {
    assert.deepEqual(
      where(({ help }) => !/^\S.*[^.]\.$/.test(help)),
      [],
    );
  });

  it('needs no other one to be understood', () => {
    assert.deepEqual(
      where(({ help }) => /^(?:[\w-]+ ){0,4}(?:such|same)\b|^How \w+ (?:to \w+ for )?(?:they|them|it)\b/.test(help)),
      [],
    );
    assert.deepEqual(
      where(({ help }) => /\bthat (?:user|password|certificate|question|directory|file)\b/.test(help)),
      [],
    );
  });

  it('says in what a number is counted', () => {
    for (const unit of ['bytes', 'days']) {
      assert.deepEqual(
        where(({ placeholder, help }) => placeholder === unit && !help.includes(unit)),
        [],
      );
    }
  });

  it('says what holds where there is no default', () => {
    const isAnswered =
      /[Ww]hen not given|[Ww]ithout (?:it|one|both)\b|[Nn]eeds? |[Nn]eeded|instead of|as well|Also |of --etcd-username|of the store|Take this share|given in both ways/;
    assert.deepEqual(
      where((option) => [undefined, ''].includes(option.default?.toString()) && !isAnswered.test(option.help)),
      [],
    );
  });
});

describe('the examples of a command', () => {
  it('can be given to a shell as they are', () => {
    for (const { spec } of commands) {
      for (const { command } of spec.examples) {
        assert.doesNotMatch(command.replaceAll(/'[^']*'|"[^"]*"/g, ''), /[*?$<>|&;()]/, command);
      }
    }
  });
});

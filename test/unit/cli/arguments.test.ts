import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Command as Parser } from 'commander';
import { addFlags, type GivenFlags } from '../../../src/cli/arguments.ts';
import { everyCommand } from '../../../src/cli/commands.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { referenceFlags } from '../../support/fixtures/reference-flags.ts';
import { flagStyles, spelledOut } from '../../support/fixtures/spelled-out-flags.ts';

const commands = await everyCommand();

describe('command lines of the reference program', () => {
  for (const { spec } of commands.filter((command) => referenceFlags[command.spec.name] !== undefined)) {
    for (const style of flagStyles) {
      it(`${spec.name} takes all its flags as ${style}`, async () => {
        const flags = referenceFlags[spec.name] ?? [];
        const given: GivenFlags = new Map();
        const parser = new Parser().exitOverride();
        addFlags(parser, spec, { given, deprecations: new Set() });
        parser.parse([...spelledOut(flags, style)], { from: 'user' });
        assert.equal(given.size, flags.length);
        const { sources } = await loadConfig(spec, { flags: given, environment: {} });
        for (const { name } of flags) {
          assert.equal(sources.get(name)?.kind, 'flag', name);
        }
      });
    }
  }
});

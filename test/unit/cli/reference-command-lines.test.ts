import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Command as Parser } from 'commander';
import { addFlags, type GivenFlags } from '../../../src/cli/flag-parser.ts';
import { commandSpecs } from '../../../src/config/command-list.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { referenceFlags } from '../../support/reference-flags.ts';
import { flagStyles, spelledOut } from '../../support/spelled-out-flags.ts';

describe('command lines of the reference program', () => {
  for (const spec of commandSpecs.filter(({ name }) => referenceFlags[name] !== undefined)) {
    for (const style of flagStyles) {
      it(`${spec.name} takes all its flags as ${style}`, async () => {
        const flags = referenceFlags[spec.name] ?? [];
        const given: GivenFlags = new Map();
        const parser = new Parser().exitOverride();
        addFlags(parser, spec, given);
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

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { optionsDocument } from '../../../scripts/options-document.ts';
import { everyCommand } from '../../../src/cli/commands.ts';
import { placedOptions } from '../../../src/config/command-spec.ts';

const commands = await everyCommand();

const written = readFileSync(new URL('../../../docs/options.md', import.meta.url), 'utf8');

describe('docs/options.md', () => {
  it('is up to date', () => {
    assert.equal(written, optionsDocument(), 'run node scripts/write-documents.ts');
  });

  it('has every flag of every command in that command section', () => {
    for (const { spec } of commands) {
      const section = written.split(`\n## ${spec.name}\n`)[1]?.split('\n## ')[0] ?? '';
      for (const { spec: option } of placedOptions(spec)) {
        assert.ok(section.includes(`\`--${option.flag}\``), `${spec.name} --${option.flag}`);
      }
    }
  });
});

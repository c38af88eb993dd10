import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { comparison } from '../../../scripts/comparison/cells.ts';
import { comparisonDocument, readmeComparison } from '../../../scripts/comparison-document.ts';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { scheduledBackupGroups } from '../../../src/config/options/snapshotter.ts';
import { providerNames } from '../../../src/snapstore/provider-name.ts';

const page = (path: string): string => readFileSync(`${projectRoot}${path}`, 'utf8');

const answer = (question: string): string =>
  comparison.find((each) => each.question === question)?.cells.ours.answer ?? assert.fail(question);

describe('the comparison with other tools', () => {
  it('has numbers of ours that are those of the program', () => {
    const period = scheduledBackupGroups.snapshotter.options.deltaPeriodMs.default;
    assert.equal(answer('All is lost: what is gone?'), `the last ${period.replace('s', ' s')}`);
    assert.match(page('README.md'), new RegExp(`all changes in a delta every ${period.replace('s', ' s')},`));
    assert.equal(answer('Stores'), String(providerNames.length));
  });

  it('holds what README says beside its first command: any moment is restored only within a window that is asked for', () => {
    const [, commands = ''] = /^## Two commands\n([\s\S]*?)\n## /m.exec(page('README.md')) ?? [];
    assert.match(commands, /etcdbrctl snapshot [^#]*--point-in-time-window \d+h/);
    assert.match(commands, /\]\(docs\/retention\.md\)/);
  });

  it('is up to date in docs/comparison.md and README.md', () => {
    assert.equal(page('docs/comparison.md'), comparisonDocument(), 'run node scripts/write-documents.ts');
    assert.ok(page('README.md').includes(readmeComparison()), 'run node scripts/write-documents.ts');
  });

  it('has a test for each answer of ours, and a source for each of the others', () => {
    for (const { question, cells } of comparison) {
      for (const [tool, { shownBy }] of Object.entries(cells)) {
        if (tool === 'ours') {
          assert.ok(shownBy.startsWith('test/') && existsSync(`${projectRoot}${shownBy}`), `${question} ${shownBy}`);
        } else {
          assert.match(shownBy, /^(?:https:\/\/\S+|[\w.-]+\/[\w.-]+: \S+)$/, `${question} ${tool}`);
        }
      }
    }
  });
});

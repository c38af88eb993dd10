import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { projectRoot } from '../../../scripts/lab/project-root.ts';

const page = readFileSync(`${projectRoot}docs/alerts.md`, 'utf8');
const { groups } = parse(readFileSync(`${projectRoot}example/monitoring/alerts.yaml`, 'utf8')) as {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly labels: { readonly severity: string } }[];
  }[];
};
const rules = groups.flatMap((group) => group.rules);

describe('docs/alerts.md', () => {
  it('has the alerts of example/monitoring, in their order, and no other', () => {
    const described = [...page.matchAll(/^## (Etcd\w+)$/gm)].map(([, name]) => name);
    assert.deepEqual(
      described,
      rules.map(({ alert }) => alert),
    );
  });

  for (const { alert, labels } of rules) {
    it(`says how urgent ${alert} is, and what to do`, () => {
      const section = page.split(`\n## ${alert}\n`)[1]?.split('\n## ')[0] ?? '';
      assert.match(section, new RegExp(`^\\n${labels.severity}\\. `, 'i'));
      assert.match(section, /^1\. /m);
    });
  }
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { createPrometheusMetrics } from '../../../src/metrics/prometheus-metrics.ts';

const read = (path: string): string => readFileSync(`${projectRoot}example/${path}`, 'utf8');

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly expr: string; readonly annotations: object }[] }[];
}
interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
}

/** Selectors of our metrics in an expression: name and labels, without those that Prometheus adds. */
function selectorsIn(
  expression: string,
): readonly { readonly name: string; readonly labels: readonly (readonly [string, string])[] }[] {
  const added = ['job', 'namespace', 'instance', 'pod'];
  return [...expression.matchAll(/(etcdbr_[a-z_]+)(?:\{([^}]*)\})?/g)].map(([, name = '', inside = '']) => ({
    name,
    labels: [...inside.matchAll(/([a-z]+)=~?"([^"]*)"/g)]
      .map(([, label = '', value = '']) => [label, value] as const)
      .filter(([label]) => !added.includes(label)),
  }));
}

describe('example/monitoring', () => {
  const rules: Rules = parse(read('monitoring/alerts.yaml'));
  const dashboard: Dashboard = JSON.parse(read('monitoring/grafana-dashboard.json'));
  const expressions = [
    ...rules.groups.flatMap((group) => group.rules.map(({ expr }) => expr)),
    ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ];

  it('names only metrics and labels that we have', async () => {
    const page = await createPrometheusMetrics({ now: () => 0 }).text();
    assert.ok(expressions.length > 20);
    for (const expression of expressions) {
      const selectors = selectorsIn(expression);
      assert.ok(selectors.length > 0, expression);
      for (const { name, labels } of selectors) {
        const lines = page.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
        assert.ok(lines.length > 0, `${name} in ${expression}`);
        const fits = lines.some((line) => labels.every(([label, value]) => line.includes(`${label}="${value}"`)));
        assert.ok(fits || labels.length === 0, `${name}${JSON.stringify(labels)} in ${expression}`);
      }
    }
  });

  it('is what the chart brings', () => {
    assert.equal(read('helm/etcd-backup-restore/files/alerts.yaml'), read('monitoring/alerts.yaml'));
  });
});

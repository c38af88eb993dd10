import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { makeCertificates } from '../../scripts/lab/certificates.ts';
import { downloadedModule } from '../../scripts/lab/downloaded-module.ts';
import { goVersion } from '../../scripts/lab/etcd-from-source.ts';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../scripts/lab/etcd-server.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { projectRoot } from '../../scripts/lab/project-root.ts';
import { everyTls, providers, renderChart } from '../support/kube/chart.ts';
import type { KubeClient, KubeObject } from '../support/kube/kube-client.ts';
import { type StartedKubeApiServer, startKubeApiServer } from '../support/kube/started-kube-apiserver.ts';

const go = await goVersion();
const examples = `${projectRoot}example/kubernetes`;
/** Who asks for ServiceMonitor and PrometheusRule; its module holds their definitions. */
const operator = { path: 'github.com/prometheus-operator/prometheus-operator', version: 'v0.85.0' };

/** As kubectl and helm read them: YAML 1.1, in which 0640 is octal. */
const objectsIn = (text: string): readonly KubeObject[] =>
  parseAllDocuments(text, { version: '1.1' }).flatMap((each) => {
    const value: unknown = each.toJS();
    return value === null ? [] : [value as KubeObject];
  });

describe('the API server takes', {
  skip: go === undefined ? 'there is no Go toolchain to build it with' : false,
}, () => {
  let etcd: EtcdServer | undefined;
  let api: StartedKubeApiServer | undefined;
  let tls = {};

  before(async () => {
    if (go === undefined) {
      return;
    }
    etcd = await startEtcd({ release: await etcdRelease('3.5') });
    api = await startKubeApiServer(etcd.clientUrl);
    await defineMonitoring(api.admin);
    await using certificates = await makeCertificates();
    const { ca, server } = certificates;
    const [authority = '', crt = '', key = ''] = [ca, server.cert, server.key].map((file) =>
      readFileSync(file, 'utf8'),
    );
    tls = everyTls({ ca: authority, crt, key });
  });
  after(async () => {
    await api?.[Symbol.asyncDispose]();
    await etcd?.[Symbol.asyncDispose]();
  });

  /** Nothing is refused, deprecated or warned of; namespaces have to be there. */
  async function applied(objects: readonly KubeObject[]): Promise<void> {
    assert.ok(objects.length > 0 && api !== undefined);
    const { admin } = api;
    const namespaces = new Set(objects.flatMap(({ metadata }) => metadata?.namespace ?? []));
    for (const name of namespaces) {
      await admin.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    }
    for (const object of objects) {
      const { warnings } = await admin.apply(object, { dryRun: 'All' });
      assert.deepEqual(warnings, [], `${object.kind} ${object.metadata?.name}`);
    }
  }

  for (const name of readdirSync(examples)) {
    it(`example/kubernetes/${name}`, async () => {
      await applied(objectsIn(readFileSync(join(examples, name), 'utf8')));
    });
  }

  for (const [storageProvider, backup] of Object.entries(providers)) {
    for (const replicas of [1, 3]) {
      it(`the chart with ${storageProvider || 'no store'} and ${replicas} members, everything on`, async () => {
        const enabled = true;
        const text = await renderChart({
          replicas,
          backup: { storageProvider, ...backup },
          tls,
          networkPolicy: { enabled, clientsFrom: [{ namespaceSelector: {} }] },
          podDisruptionBudget: { enabled },
          serviceMonitor: { enabled },
          prometheusRule: { enabled },
        });
        const objects = objectsIn(text);
        const kinds = objects.map(({ kind }) => kind);
        assert.ok(kinds.includes('ServiceMonitor') && kinds.includes('PrometheusRule'));
        await applied(objects);
      });
    }
  }

  it('the chart as it is', async () => {
    await applied(objectsIn(await renderChart({})));
  });

  it('what needs nothing of the node under the policy `restricted`, without a warning', async () => {
    assert.ok(api !== undefined);
    const { admin } = api;
    const namespace = 'restricted';
    const labels = { 'pod-security.kubernetes.io/warn': 'restricted' };
    await admin.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } });
    const warned = async (objects: readonly KubeObject[]): Promise<readonly string[]> => {
      const answers = await Promise.all(
        objects.map(({ metadata, ...rest }) =>
          admin.apply({ ...rest, metadata: { ...metadata, namespace } }, { dryRun: 'All' }),
        ),
      );
      return answers.flatMap(({ warnings }) => warnings);
    };
    const example = (name: string): readonly KubeObject[] => objectsIn(readFileSync(join(examples, name), 'utf8'));
    // Once the policy is in force it warns of what asks for the node.
    await eventually(async () => ((await warned(example('cronjob-kubeadm.yaml'))).length > 0 ? true : undefined));
    const modest = ['fleet-verify-job', 'restore-job', 'statefulset-1', 'statefulset-3', 'verify-cronjob'];
    for (const name of modest) {
      assert.deepEqual(await warned(example(`${name}.yaml`)), [], name);
    }
    const chart = objectsIn(
      await renderChart({ replicas: 3, tls, backup: { storageProvider: 'S3', ...providers.S3 } }),
    );
    assert.deepEqual(await warned(chart), []);
  });

  it('nothing with a field that does not exist, neither of its own kinds nor of the monitoring', async () => {
    const metadata = { namespace: 'default', name: 'x' };
    for (const object of [
      { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80, nane: 'x' }] } },
      {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'ServiceMonitor',
        metadata,
        spec: { selector: {}, endpoints: [{ prot: 'x' }] },
      },
      {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'PrometheusRule',
        metadata,
        spec: { groups: [{ name: 'x', rules: [{ alert: 'x' }] }] },
      },
    ]) {
      await assert.rejects(applied([object]), /field not declared in schema|unknown field|Required value/, object.kind);
    }
  });
});

/** Defines the kinds of Prometheus' operator, and waits until they are served. */
async function defineMonitoring(admin: KubeClient): Promise<void> {
  const { dir } = await downloadedModule(operator.path, operator.version);
  for (const plural of ['servicemonitors', 'prometheusrules']) {
    const file = join(dir, 'example/prometheus-operator-crd', `monitoring.coreos.com_${plural}.yaml`);
    for (const definition of objectsIn(readFileSync(file, 'utf8'))) {
      await admin.apply(definition);
    }
    await eventually(async () => {
      const path = `/apis/monitoring.coreos.com/v1/namespaces/default/${plural}`;
      return (await admin.request('GET', path)).status === 200 ? true : undefined;
    });
  }
}

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { goVersion } from '../../scripts/lab/etcd-from-source.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { deleteNamespace } from '../support/kube/delete-namespace.ts';
import type { KubeObject } from '../support/kube/kube-client.ts';
import { KubernetesStory } from '../support/kube/kubernetes-story.ts';
import { Reflector } from '../support/kube/reflector.ts';
import { withoutNulls } from '../support/kube/without-nulls.ts';

const go = await goVersion();
const namespace = 'shop';
const labels = { app: 'shop' };
const template = {
  metadata: { labels },
  spec: {
    restartPolicy: 'Always',
    containers: [
      {
        name: 'shop',
        image: 'shop:1',
        env: [{ name: 'A', value: '' }],
        ports: [{ name: 'http', containerPort: 8080 }],
        readinessProbe: { httpGet: { path: '/', port: 'http' } },
        resources: { requests: { cpu: '1500m', memory: '64Mi' } },
        volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
      },
    ],
    volumes: [{ name: 'scratch', emptyDir: {} }],
  },
};
const port = { name: 'http', port: 80, targetPort: 'http' };
const rule = { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] };

/** What a namespace may hold, of many kinds, with empty values and zeros. */
const written: readonly (readonly [resource: string, object: KubeObject])[] = [
  [
    'configmaps',
    { apiVersion: 'v1', kind: 'ConfigMap', data: { colour: 'blue', none: '' }, binaryData: { b: 'AP8=' } },
  ],
  ['secrets', { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', data: { password: 'aHVudGVyMg==' } }],
  ['serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', automountServiceAccountToken: false }],
  ['services/specs', { apiVersion: 'v1', kind: 'Service', spec: { selector: labels, ports: [port] } }],
  [
    'limitranges',
    { apiVersion: 'v1', kind: 'LimitRange', spec: { limits: [{ type: 'Container', default: { cpu: '1500m' } }] } },
  ],
  [
    'deployments',
    { apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 0, selector: { matchLabels: labels }, template } },
  ],
  [
    'statefulsets',
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      spec: { serviceName: 'shop', selector: { matchLabels: labels }, template },
    },
  ],
  ['daemonsets', { apiVersion: 'apps/v1', kind: 'DaemonSet', spec: { selector: { matchLabels: labels }, template } }],
  [
    'cronjobs',
    {
      ...{ apiVersion: 'batch/v1', kind: 'CronJob' },
      spec: {
        schedule: '0 0 1 1 *',
        jobTemplate: { spec: { template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } } },
      },
    },
  ],
  ['roles', { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', rules: [rule] }],
  [
    'rolebindings',
    {
      ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'one' },
      subjects: [{ kind: 'ServiceAccount', name: 'one', namespace }],
    },
  ],
  [
    'networkpolicies',
    { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', spec: { podSelector: {}, policyTypes: ['Ingress'] } },
  ],
  [
    'ingress',
    {
      ...{ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' },
      spec: { defaultBackend: { service: { name: 'one', port: { number: 80 } } } },
    },
  ],
  [
    'poddisruptionbudgets',
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      spec: { minAvailable: '50%', selector: { matchLabels: labels } },
    },
  ],
  [
    'horizontalpodautoscalers',
    {
      ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' },
      spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'one' } },
    },
  ],
];

const kinds = written.map(([, { apiVersion = '', kind = '' }]) => ({ apiVersion, kind }));

function named(object: KubeObject): KubeObject {
  return { ...object, metadata: { namespace, name: 'one' } };
}

/** Without the version, which etcd gives and the API server takes over. */
function withoutVersion({ metadata, ...rest }: KubeObject): KubeObject {
  const { resourceVersion: _, ...kept } = metadata ?? {};
  return { ...rest, metadata: kept };
}

/** Told once, in order: each case finds what the one before has left. */
describe('a namespace of a real API server', {
  skip: go === undefined ? 'there is no Go toolchain to build kube-apiserver with' : false,
}, () => {
  let story: KubernetesStory;
  let secrets: Reflector;
  /** Of etcd, when all was there. */
  let whole = 0n;
  let objects: readonly (readonly [key: string, path: string, body: KubeObject])[] = [];

  before(async () => {
    if (go === undefined) {
      return;
    }
    story = await KubernetesStory.begin();
    const { admin } = story.api;
    await admin.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    for (const [, object] of written) {
      await admin.apply(named(object));
    }
    objects = await Promise.all(
      written.map(async ([resource, object]) => {
        const path = await admin.pathOf(named(object));
        return [`/registry/${resource}/${namespace}/one`, path, await admin.expect('GET', path)] as const;
      }),
    );
    secrets = new Reflector(admin, '/api/v1/secrets');
    await eventually(() => (secrets.names.includes('shop/one') ? true : undefined));
    whole = await story.revision();
    await deleteNamespace(admin, namespace, kinds);
    await story.untilStored(await story.revision());
  });
  after(async () => {
    if (go !== undefined) {
      await secrets?.[Symbol.asyncDispose]();
      await story?.[Symbol.asyncDispose]();
    }
  });

  const program = async (...args: readonly string[]): Promise<string> =>
    (await story.program(...args, ...story.storeFlags, `--temp-dir=${story.dir.join('lookup')}`)).stdout;
  const live = (): string => `--endpoints=${story.etcd.clientUrl}`;
  const undelete = (...flags: readonly string[]): Promise<string> =>
    program('undelete', '--namespace=shop', `--before-revision=${whole + 1n}`, live(), ...flags);

  it('is shown object by object as the API server shows it', async () => {
    for (const [key, , body] of objects) {
      const yaml = await program('get', key, '-o', 'yaml', '--show-secrets', `--revision=${whole}`);
      assert.deepEqual(parse(yaml), withoutNulls(withoutVersion(body)), key);
    }
  });

  it('is missed by kind, once it is deleted', async () => {
    const summary = await program('diff', '--kubernetes', String(whole), 'live', live(), '--namespace=shop');
    for (const { kind } of kinds) {
      assert.match(summary, new RegExp(`^1 ${kind} deleted in namespace shop$`, 'm'));
    }
    assert.match(summary, /^1 Namespace deleted$/m);
  });

  it('comes back with all that it held, while the API server runs', async () => {
    const { admin } = story.api;
    assert.equal((await admin.request('GET', `/api/v1/namespaces/${namespace}`)).status, 404);
    await undelete();
    assert.equal(
      (await admin.request('GET', `/api/v1/namespaces/${namespace}`)).status,
      404,
      'a dry run changes nothing',
    );
    await undelete('--yes');
    for (const [, path, body] of objects) {
      assert.deepEqual(withoutVersion(await admin.expect('GET', path)), withoutVersion(body), path);
    }
    const { status } = await admin.expect('GET', `/api/v1/namespaces/${namespace}`);
    assert.deepEqual(status, { phase: 'Active' });
    assert.match(await undelete('--yes'), /^0 keys created, \d+ already there/m);
  });

  it('and clients that watch see it, and its objects can be changed', async () => {
    await eventually(() => (secrets.names.includes('shop/one') ? true : undefined));
    assert.equal(secrets.lists, 1, 'the watch went on');
    const { admin } = story.api;
    const changed = await admin.apply({ ...named(written[0]?.[1] ?? {}), data: { colour: 'red' } });
    assert.equal(changed.status, 200);
  });

  it('is made anew from its manifests', async () => {
    const { admin } = story.api;
    await deleteNamespace(admin, namespace, kinds);
    const file = story.dir.join('shop.yaml');
    await program('export', '--kubernetes', '--namespace=shop', `--revision=${whole}`, `--to=${file}`);
    const documents = parseAllDocuments(readFileSync(file, 'utf8')).map((each) => each.toJS() as KubeObject);
    for (const document of documents) {
      await admin.apply(document);
    }
    for (const [, path, body] of objects) {
      const { spec, data } = await admin.expect('GET', path);
      const { clusterIP: _, clusterIPs: __, ...expected } = body.spec ?? {};
      const { clusterIP: ___, clusterIPs: ____, ...found } = spec ?? {};
      assert.deepEqual([found, data], [expected, body['data']], path);
    }
  });
});

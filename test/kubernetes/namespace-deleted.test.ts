import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { goVersion } from '../../scripts/lab/etcd-from-source.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { deleteNamespace } from '../support/kube/delete-namespace.ts';
import type { KubeObject } from '../support/kube/kube-client.ts';
import { KubernetesStory } from '../support/kube/kubernetes-story.ts';
import { Reflector } from '../support/kube/reflector.ts';

const go = await goVersion();
const bump = 1_000_000_000n;

/** A kind of the users of the cluster, with objects of its own. */
const widgets: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.org' },
  spec: {
    group: 'example.org',
    scope: 'Namespaced',
    names: { kind: 'Widget', plural: 'widgets' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
          },
        },
      },
    ],
  },
};

function deployment(namespace: string): KubeObject {
  const labels = { app: 'shop' };
  const container = { name: 'shop', image: 'shop:1' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name: 'shop' },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  };
}

const secret = (namespace: string, name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace, name },
  data: { password: Buffer.from(`${namespace}-${name}`).toString('base64') },
});

const widget = (namespace: string, size: number): KubeObject => ({
  apiVersion: 'example.org/v1',
  kind: 'Widget',
  metadata: { namespace, name: `widget-${size}` },
  spec: { size },
});

/** Kinds in the namespaces of the story. */
const kinds = [
  { apiVersion: 'v1', kind: 'Secret' },
  { apiVersion: 'apps/v1', kind: 'Deployment' },
  { apiVersion: 'example.org/v1', kind: 'Widget' },
];

/**
 * Told once, in order: each case finds what the one before has left. The backup holds `shop` and `bank`, then the deletion of `shop`,
 * then a secret that came after it.
 */
describe('a namespace is deleted', {
  skip: go === undefined ? 'there is no Go toolchain to build kube-apiserver with' : false,
}, () => {
  let story: KubernetesStory;
  let secrets: Reflector;
  /** Of etcd, when all was there. */
  let whole = 0n;
  /** The newest that a client has seen. */
  let newest = 0n;
  const shop = new Map<string, KubeObject>();

  before(async () => {
    if (go === undefined) {
      return;
    }
    story = await KubernetesStory.begin();
    const { admin } = story.api;
    await admin.apply(widgets);
    await eventually(async () => {
      const { status } = await admin.request('GET', '/apis/example.org/v1/namespaces/default/widgets');
      return status === 200 ? true : undefined;
    });
    for (const namespace of ['shop', 'bank']) {
      await admin.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      for (const object of [
        deployment(namespace),
        ...['db', 'tls', 'api'].map((name) => secret(namespace, name)),
        ...[1, 2, 3].map((size) => widget(namespace, size)),
      ]) {
        const { body } = await admin.apply(object);
        if (namespace === 'shop') {
          shop.set(await admin.pathOf(object), body);
        }
      }
    }
    secrets = new Reflector(admin, '/api/v1/secrets');
    await eventually(() => (secrets.names.length === 6 ? true : undefined));
    whole = await story.revision();
    await deleteNamespace(admin, 'shop', kinds);
    await admin.apply(secret('bank', 'after'));
    newest = await story.revision();
    await story.untilStored(newest);
  });
  after(async () => {
    if (go !== undefined) {
      await secrets?.[Symbol.asyncDispose]();
      await story?.[Symbol.asyncDispose]();
    }
  });

  /** The API server writes by itself now and then, so it may be later than what the test has written. */
  const provableRevision = async (): Promise<bigint> => {
    const { stdout } = await story.program('verify', ...story.storeFlags, '--level=restore', '-o', 'json');
    return BigInt((JSON.parse(stdout) as { readonly provableRevision: number }).provableRevision);
  };

  it('and gone, for the API server and for a client that watches', async () => {
    const { admin } = story.api;
    assert.equal((await admin.request('GET', '/api/v1/namespaces/shop')).status, 404);
    await eventually(() => (secrets.names.join() === 'bank/after,bank/api,bank/db,bank/tls' ? true : undefined), {
      describe: () => secrets.names.join(),
    });
    assert.equal(secrets.lists, 1);
  });

  it('and the backup of the API server can be restored', async () => {
    assert.ok((await provableRevision()) >= newest);
  });

  it('and is back after a restore to before, with all that it held', async () => {
    await story.putBack([`--to-revision=${whole}`, `--bump-revision=${bump}`, '--mark-compacted']);
    const { admin } = story.api;
    assert.ok(shop.size > 0);
    for (const [path, object] of shop) {
      assert.deepEqual(await admin.expect('GET', path), object, path);
    }
    assert.equal((await admin.request('GET', '/api/v1/namespaces/bank/secrets/after')).status, 404);
  });

  it('and a client that had watched before notices, and believes what is there', async () => {
    const all = ['bank/api', 'bank/db', 'bank/tls', 'shop/api', 'shop/db', 'shop/tls'];
    await eventually(() => (secrets.names.join() === all.join() ? true : undefined), {
      describe: () => `it believes that there are ${secrets.names.join()}`,
    });
    assert.equal(secrets.lists, 2, 'it was told that its version is gone');
    assert.ok(secrets.version > bump, `${secrets.version}`);
    await story.api.admin.apply(secret('shop', 'new'));
    await eventually(() => (secrets.names.includes('shop/new') ? true : undefined), {
      describe: () => 'it does not hear of what is written now',
    });
    assert.equal(secrets.lists, 2);
  });

  it('and the backup goes on with a full, of which all is restored', async () => {
    const revision = await story.revision();
    await story.untilStored(revision);
    assert.ok(
      story.stored.some((name) => name.startsWith(`Full-00000000-${bump / 1_000_000n}`)),
      story.stored.join(),
    );
    assert.ok((await provableRevision()) >= revision);
  });
});

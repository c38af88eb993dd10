import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manifestOf } from '../../../../src/kube/objects/manifest.ts';

const server = {
  uid: 'u',
  resourceVersion: '7',
  generation: 2,
  creationTimestamp: '2026-11-27T12:00:00Z',
  managedFields: [{}],
  ownerReferences: [{ uid: 'o' }],
};

test('a manifest has what its author wrote, and nothing that the server sets', () => {
  const object = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'web',
      namespace: 'shop',
      labels: { app: 'web' },
      annotations: { 'deployment.kubernetes.io/revision': '3', note: 'mine' },
      ...server,
    },
    spec: { replicas: 0 },
    status: { replicas: 3 },
  };
  const before = structuredClone(object);
  assert.deepEqual(manifestOf(object), {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' }, annotations: { note: 'mine' } },
    spec: { replicas: 0 },
  });
  assert.deepEqual(object, before);
});

test('what would keep a kind from being made anew is left out', () => {
  const metadata = { name: 'n' };
  for (const [kind, spec, expected] of [
    ['Namespace', { finalizers: ['kubernetes'] }, undefined],
    ['Service', { clusterIP: '10.0.0.7', clusterIPs: ['10.0.0.7'], ports: [] }, { ports: [] }],
    ['Service', { clusterIP: 'None', clusterIPs: ['None'] }, { clusterIP: 'None', clusterIPs: ['None'] }],
    ['Pod', { nodeName: 'one', containers: [] }, { containers: [] }],
    ['PersistentVolume', { claimRef: { name: 'c', uid: 'u', resourceVersion: '1' } }, { claimRef: { name: 'c' } }],
    [
      'Job',
      {
        selector: { matchLabels: { 'controller-uid': 'u' } },
        template: { metadata: { labels: { 'controller-uid': 'u', a: 'b' } }, spec: {} },
      },
      { template: { metadata: { labels: { a: 'b' } }, spec: {} } },
    ],
    ['Job', { manualSelector: true, selector: {} }, { manualSelector: true, selector: {} }],
  ] as const) {
    const { spec: made } = manifestOf({ apiVersion: 'v1', kind, metadata, spec }) as { readonly spec?: unknown };
    assert.deepEqual(made, expected, kind);
  }
});

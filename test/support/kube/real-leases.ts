import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import type { ApiServer } from '../../../src/kube/api-server.ts';
import { openApiServer } from '../../../src/kube/open-api-server.ts';
import { KubeClient } from './kube-client.ts';
import type { LeaseStage } from './lease-suite.ts';
import type { StartedKubeApiServer } from './started-kube-apiserver.ts';

const rbac = 'rbac.authorization.k8s.io';
const account = 'etcd-main';

/**
 * A namespace of a real API server with a service account that may get and patch leases. The account is found as in a pod: by a token and
 * an authority in files. Disposing closes connections; the namespace stays.
 */
export async function realLeases(api: StartedKubeApiServer): Promise<LeaseStage & AsyncDisposable> {
  const { admin } = api;
  const namespace = `shoot-${randomBytes(4).toString('hex')}`;
  const metadata = { namespace, name: account };
  await admin.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const token = await api.tokenOf(metadata);
  await admin.apply({
    apiVersion: `${rbac}/v1`,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: rbac, kind: 'Role', name: account },
    subjects: [{ kind: 'ServiceAccount', namespace, name: account }],
  });
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(makeTempDir());
  const inPod = async (secret: string): Promise<ApiServer> => {
    const place = stack.use(makeTempDir({ parent: dir.path }));
    writeFileSync(place.join('token'), secret);
    writeFileSync(place.join('ca.crt'), admin.account.ca);
    const { hostname, port } = admin.account.url;
    const environment = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
    return stack.use(await openApiServer({ environment, serviceAccountDir: place.path }));
  };
  const asked = { known: await inPod(token), unknown: await inPod('nobody-has-issued-this') };
  const client = stack.use(new KubeClient({ ...admin.account, token }));

  /** Whether the account may, as the server sees it now: rights come into effect some moments after they were written. */
  const may = async (verb: string): Promise<boolean> => {
    const review = await client.expect('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { namespace, group: 'coordination.k8s.io', resource: 'leases', verb } },
      },
    });
    return (review.status as { readonly allowed: boolean }).allowed;
  };
  const leasePath = (name: string): string => `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`;
  const stage: LeaseStage = {
    namespace,
    asks: (who) => asked[who],
    allow: async (verbs) => {
      const rules = [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs }];
      await admin.apply({
        apiVersion: `${rbac}/v1`,
        kind: 'Role',
        metadata,
        rules: verbs.length === 0 ? [] : rules,
      });
      await eventually(async () => {
        const held = await Promise.all(
          (['get', 'patch'] as const).map(async (verb) => (await may(verb)) === verbs.includes(verb)),
        );
        return held.every(Boolean) ? true : undefined;
      });
    },
    create: async (name, spec = {}) => {
      const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace, name }, spec };
      await admin.expect('POST', leasePath('').slice(0, -1), { body: lease });
    },
    lease: async (name) => {
      const { metadata: held = {}, spec = {} } = await admin.expect('GET', leasePath(name));
      return { version: held.resourceVersion ?? '', annotations: held.annotations ?? {}, spec };
    },
    touch: async (name) => {
      const body = { metadata: { annotations: { touched: randomBytes(4).toString('hex') } } };
      await admin.expect('PATCH', leasePath(name), { body, type: 'application/merge-patch+json' });
    },
  };
  await stage.allow(['get', 'patch']);
  const owned = stack.move();
  return { ...stage, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

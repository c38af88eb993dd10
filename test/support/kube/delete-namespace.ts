import type { KubeClient, KubeObject } from './kube-client.ts';

/**
 * Deletes a namespace with all it holds, as `kubectl delete namespace` and the namespace controller do together: a lone API server only
 * marks it. `kinds` are those that it holds.
 */
export async function deleteNamespace(
  client: KubeClient,
  name: string,
  kinds: readonly Pick<KubeObject, 'apiVersion' | 'kind'>[],
): Promise<void> {
  const path = `/api/v1/namespaces/${name}`;
  await client.expect('DELETE', path);
  for (const kind of kinds) {
    await client.expect('DELETE', await client.pathOf({ ...kind, metadata: { namespace: name } }));
  }
  const marked = await client.expect('GET', path);
  await client.expect('PUT', `${path}/finalize`, { body: { ...marked, spec: { finalizers: [] } } });
}

import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { type Environment, variable } from '../runtime/environment.ts';
import { readAtMost } from '../runtime/read-at-most.ts';
import type { ApiServer } from './api-server.ts';
import { credentialsFailure } from './credentials-failure.ts';
import { HttpsApiServer } from './https-api-server.ts';

/** Where a pod finds the token and the authorities of its service account. */
const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Bytes of the token, or of the authorities, at most. */
const mostBytes = 1024 * 1024;

/** How to find the API server. */
export interface ApiServerPlace {
  /** KUBECONFIG, KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT and HOME are read of it. */
  readonly environment: Environment;
  /** Directory of the service account; that of a pod when left out. */
  readonly serviceAccountDir?: string;
}

/**
 * The API server that KUBECONFIG names, else that of the cluster this pod runs in, else that of `~/.kube/config`.
 * Nothing is sent before the first request. Throws a {@link Failure} `kube_credentials` when there is none of them, or what
 * they name cannot be used.
 */
export async function openApiServer({
  environment,
  serviceAccountDir = serviceAccount,
}: ApiServerPlace): Promise<ApiServer> {
  const named = variable(environment, 'KUBECONFIG');
  if (named !== undefined) {
    return await fromKubeconfig(named);
  }
  const host = variable(environment, 'KUBERNETES_SERVICE_HOST');
  if (host !== undefined) {
    const port = variable(environment, 'KUBERNETES_SERVICE_PORT') ?? '443';
    return inCluster({ host, port }, serviceAccountDir);
  }
  const home = variable(environment, 'HOME');
  const usual = home === undefined ? undefined : join(home, '.kube', 'config');
  if (usual !== undefined && (await exists(usual))) {
    return await fromKubeconfig(usual);
  }
  throw credentialsFailure('there is neither KUBECONFIG nor the service account of a pod nor ~/.kube/config');
}

/** The library is large, and a pod does not need it. */
async function fromKubeconfig(path: string): Promise<ApiServer> {
  const { kubeconfigServer } = await import('./kubeconfig-server.ts');
  return await kubeconfigServer(path);
}

function inCluster({ host, port }: { readonly host: string; readonly port: string }, dir: string): ApiServer {
  const url = URL.parse(`https://${host.includes(':') ? `[${host.replace(/^\[|\]$/g, '')}]` : host}:${port}`);
  if (url === null) {
    throw credentialsFailure('KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are no address');
  }
  // The token is exchanged every hour, the authorities now and then.
  return new HttpsApiServer(url, async () => {
    try {
      const [token, ca] = await Promise.all([
        readAtMost(join(dir, 'token'), mostBytes),
        readAtMost(join(dir, 'ca.crt'), mostBytes),
      ]);
      return { ca: ca.toString('utf8'), headers: { authorization: `Bearer ${token.toString('utf8').trim()}` } };
    } catch (cause) {
      throw credentialsFailure(`the token or the authorities in ${dir} cannot be read`, cause);
    }
  });
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

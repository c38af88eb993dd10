import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { ApiServer } from './api-server.ts';
import { credentialsFailure } from './credentials-failure.ts';
import { HttpsApiServer } from './https-api-server.ts';
import { checkAccountFiles, readKubeconfig } from './kubeconfig-files.ts';

/**
 * The API server of a kubeconfig's current context. One that speaks plain HTTP, such as a `kubectl proxy`, is asked without an account,
 * as kubectl does, unless the file says that anybody may listen (insecure-skip-tls-verify). Throws a Failure `kube_credentials` when
 * the file cannot be used.
 */
export async function kubeconfigServer(path: string): Promise<ApiServer> {
  let config: KubeConfig;
  try {
    config = await readKubeconfig(path);
  } catch (cause) {
    throw credentialsFailure(`the kubeconfig ${path} cannot be read or understood`, cause);
  }
  const cluster = config.getCurrentCluster();
  const server = cluster?.server;
  const url = server === undefined ? null : URL.parse(server);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw credentialsFailure(`the current context of the kubeconfig ${path} names no server`);
  }
  if (url.protocol === 'http:' && cluster?.skipTLSVerify !== true) {
    return new HttpsApiServer(url, () => Promise.resolve({ headers: {} }));
  }
  return new HttpsApiServer(url, async () => {
    try {
      const options: Parameters<KubeConfig['applyToHTTPSOptions']>[0] = {};
      await checkAccountFiles(config);
      await config.applyToHTTPSOptions(options);
      const { ca, cert, key, rejectUnauthorized } = options;
      const headers = Object.entries(options.headers ?? {}).map(([name, value]) => [name, String(value)]);
      const auth = typeof options.auth === 'string' ? options.auth : undefined;
      return {
        ca: bytes(ca),
        cert: bytes(cert),
        key: bytes(key),
        anyCertificate: rejectUnauthorized === false,
        headers: {
          ...Object.fromEntries(headers),
          ...(auth === undefined ? {} : { authorization: `Basic ${Buffer.from(auth).toString('base64')}` }),
        },
      };
    } catch (cause) {
      throw credentialsFailure(`the account of the kubeconfig ${path} cannot be used`, cause);
    }
  });
}

function bytes(value: unknown): string | Buffer | undefined {
  return typeof value === 'string' || Buffer.isBuffer(value) ? value : undefined;
}

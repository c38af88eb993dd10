import type { Child } from '../../../../scripts/lab/child-process.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { type Keystone, type OpenStackTenant, startKeystone, startPython } from './keystone.ts';

/** A real OpenStack Swift that asks a real Keystone who its callers are. Disposing stops both. */
export interface Swift extends AsyncDisposable {
  readonly keystone: Keystone;
  readonly region: string;
  /** `http://127.0.0.1:PORT`, the proxy server's; accounts have the paths `/v1/AUTH_<project id>`. */
  readonly url: string;
  /** A user with a project of its own. */
  readonly tenant: OpenStackTenant;
  /** Makes a region of the catalogue in which the same Swift is reached at another address. */
  addRegion(name: string, address: string): Promise<void>;
  /** A request as that user, without the adapter; `path` is below the account: `/container/object`. Fails unless it is granted. */
  request(
    method: string,
    path: string,
    init?: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string },
  ): Promise<Response>;
}

/** How a test wants its Swift. */
export interface SwiftOptions {
  /** The most objects one page of a listing shows; Swift's own limit, 10,000, by default. */
  readonly listingLimit?: number;
  /** The largest object that is not made of segments; Swift's own limit, 5 GiB, by default. */
  readonly maxObjectBytes?: number;
  /** Puts another URL into the catalogue, such as that of a proxy, given the server's own. */
  readonly publicUrl?: (url: string) => Promise<string>;
}

/** Starts Swift and Keystone on free ports, with a tenant. */
export async function startSwift(options: SwiftOptions = {}): Promise<Swift> {
  const { listingLimit = 10_000, maxObjectBytes = 5 * 1024 ** 3 + 2, publicUrl } = options;
  const region = 'RegionOne';
  const keystone = await startKeystone();
  const state = makeTempDir();
  let child: Child | undefined;
  const stop = async (): Promise<void> => {
    await child?.end('SIGKILL');
    await keystone[Symbol.asyncDispose]();
    state[Symbol.dispose]();
  };
  try {
    const password = 'service-password';
    await keystone.addServiceUser({ name: 'swift', password });
    const limits = [String(listingLimit), String(maxObjectBytes)];
    const started = await startPython('swift-server.py', [state.path, keystone.url, password, ...limits]);
    child = started.child;
    const url = `http://127.0.0.1:${started.port}`;
    const advertised = publicUrl === undefined ? url : await publicUrl(url);
    const service = { type: 'object-store', name: 'swift', region, url: `${advertised}/v1/AUTH_%(tenant_id)s` };
    await keystone.addService(service);
    const tenant = await keystone.addTenant('backup');
    const token = await keystone.logIn(tenant);
    return {
      keystone,
      region,
      url,
      tenant,
      addRegion: (name, address) =>
        keystone.addService({ ...service, region: name, url: `${address}/v1/AUTH_%(tenant_id)s` }),
      request: async (method, path, { headers = {}, ...init } = {}) => {
        const target = `${url}/v1/AUTH_${tenant.projectId}${path}`;
        const response = await fetch(target, { method, ...init, headers: { 'x-auth-token': token, ...headers } });
        if (!response.ok) {
          throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
        }
        return response;
      },
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

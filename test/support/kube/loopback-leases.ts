import { HttpsApiServer } from '../../../src/kube/https-api-server.ts';
import { startApiServer } from '../servers/api-server.ts';
import type { LeaseStage } from './lease-suite.ts';

const namespace = 'shoot--a';

/** The same on the API server of ours, which the default tests run. */
export async function loopbackLeases(): Promise<LeaseStage & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startApiServer());
  server.token = 'known';
  const asking = (token: string): HttpsApiServer =>
    stack.use(new HttpsApiServer(server.url, () => Promise.resolve({ headers: { authorization: `Bearer ${token}` } })));
  const asked = { known: asking('known'), unknown: asking('unknown') };
  const held = (name: string) => {
    const lease = server.lease(namespace, name);
    if (lease === undefined) {
      throw new Error(`there is no lease ${name}`);
    }
    return lease;
  };
  const owned = stack.move();
  return {
    namespace,
    asks: (who) => asked[who],
    allow: (verbs) => {
      server.rights.clear();
      for (const verb of verbs) {
        server.rights.add(verb);
      }
      return Promise.resolve();
    },
    create: (name, spec) => Promise.resolve(server.create(namespace, name, { ...spec })),
    lease: (name) => {
      const { version, annotations, spec } = held(name);
      return Promise.resolve(structuredClone({ version: String(version), annotations, spec }));
    },
    touch: (name) => {
      const lease = held(name);
      lease.version += 1;
      lease.annotations['touched'] = String(lease.version);
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

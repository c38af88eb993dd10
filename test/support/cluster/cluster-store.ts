import { mkdirSync, writeFileSync } from 'node:fs';
import type { TempDir } from '../../../scripts/lab/temp-dir.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { openStore } from '../../../src/snapstore/registry.ts';
import type { SnapStore } from '../../../src/snapstore/snapstore.ts';
import { quietLogger } from '../context/quiet-logger.ts';
import { type FaultProxy, startFaultProxy } from '../servers/fault-proxy.ts';
import type { FaultHook } from '../servers/http-fault.ts';
import { startOssServer } from '../servers/oss-server.ts';

const prefix = 'etcd-main';

/** The store of a cluster. */
export interface ClusterStore extends AsyncDisposable {
  /** Options with which a pod reaches it; left out: past everything that may go wrong. */
  flags(pod?: number): readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Looks at it, past everything that may go wrong. */
  readonly view: SnapStore;
  /** What goes wrong on the way of a pod to it from now on. */
  fault(pod: number, hook: FaultHook): void;
}

/** A store that speaks the protocol of OSS, with a proxy before it for each pod. */
export async function ossClusterStore(dir: TempDir, pods: number): Promise<ClusterStore> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startOssServer());
  const proxies: FaultProxy[] = [];
  for (let pod = 0; pod < pods; pod++) {
    proxies.push(stack.use(await startFaultProxy(server.endpoint)));
  }
  const credentials = dir.join('credentials');
  mkdirSync(credentials);
  writeFileSync(`${credentials}/storageEndpoint`, 'unused.invalid');
  writeFileSync(`${credentials}/accessKeyID`, server.keys.accessKeyID);
  writeFileSync(`${credentials}/accessKeySecret`, server.keys.accessKeySecret);
  const env = { ALICLOUD_APPLICATION_CREDENTIALS: credentials };
  const view = await open({ provider: 'OSS', container: server.bucket, endpointOverride: server.endpoint }, env);
  stack.use(view);
  const opened = stack.move();
  return {
    flags: (pod) => [
      '--storage-provider=OSS',
      `--store-container=${server.bucket}`,
      `--store-prefix=${prefix}`,
      `--store-endpoint-override=${(pod === undefined ? undefined : proxies[pod]?.endpoint) ?? server.endpoint}`,
    ],
    env,
    view,
    fault: (pod, hook) => proxies[pod]?.fault(hook),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** A directory; nothing can go wrong on the way to it. */
export async function localClusterStore(dir: TempDir): Promise<ClusterStore> {
  const container = dir.join('store');
  mkdirSync(container);
  const view = await open({ provider: 'Local', container, endpointOverride: undefined }, {});
  return {
    flags: () => ['--storage-provider=Local', `--store-container=${container}`, `--store-prefix=${prefix}`],
    env: {},
    view,
    fault: () => {
      throw new Error('nothing can go wrong on the way to a directory');
    },
    [Symbol.asyncDispose]: () => view[Symbol.asyncDispose](),
  };
}

function open(
  place: {
    readonly provider: 'OSS' | 'Local';
    readonly container: string;
    readonly endpointOverride: string | undefined;
  },
  environment: Readonly<Record<string, string>>,
): Promise<SnapStore> {
  return openStore(
    { ...place, prefix, maxParallelChunkUploads: 5, minChunkSize: 5 * 1024 * 1024, role: 'primary' },
    { log: quietLogger, clock: systemClock, environment },
  );
}

import { randomBytes } from 'node:crypto';
import { BlobServiceClient, type ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { startChild } from '../../../scripts/lab/child-process.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { projectRoot } from '../../../scripts/lab/project-root.ts';

/** A running Azurite, Microsoft's own server for tests of Blob Storage. Disposing stops it; it keeps everything in memory. */
export interface Azurite extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/ACCOUNT`: what an endpoint override is set to. */
  readonly endpoint: string;
  readonly port: number;
  readonly account: string;
  /** Base64. */
  readonly key: string;
  /** Makes a new container and gives the SDK's own client for it, to look at what the adapter did. */
  createContainer(name: string): Promise<ContainerClient>;
  pid(): number;
}

/** Starts Azurite on a free port and waits until it answers. */
export async function startAzurite(
  options: {
    /** The store is full when it holds more bytes than this. */
    readonly memoryLimitMiB?: number;
  } = {},
): Promise<Azurite> {
  const account = 'backupacct';
  const key = randomBytes(64).toString('base64');
  const limit = options.memoryLimitMiB === undefined ? [] : ['--extentMemoryLimit', String(options.memoryLimitMiB)];
  const program = `${projectRoot}node_modules/azurite/dist/src/blob/main.js`;
  const args = ['--blobHost', '127.0.0.1', '--blobPort', '0', '--inMemoryPersistence', '--skipApiVersionCheck'];
  const child = startChild(process.execPath, [program, ...args, '--disableTelemetry', '--silent', ...limit], {
    env: { AZURITE_ACCOUNTS: `${account}:${key}` },
  });
  const port = await eventually(
    () => {
      if (child.hasExited()) {
        throw new Error(`Azurite ended during its start:\n${child.output()}`);
      }
      const listening = /successfully listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(child.output());
      return listening === null ? undefined : Number(listening[1]);
    },
    { describe: () => `Azurite did not start:\n${child.output()}` },
  );
  const endpoint = `http://127.0.0.1:${port}/${account}`;
  const service = new BlobServiceClient(endpoint, new StorageSharedKeyCredential(account, key));
  return {
    endpoint,
    port,
    account,
    key,
    pid: () => child.pid,
    createContainer: async (name) => (await service.createContainer(name)).containerClient,
    [Symbol.asyncDispose]: () => child.end('SIGTERM'),
  };
}

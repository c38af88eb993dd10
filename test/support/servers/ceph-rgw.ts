import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { type Child, startChild } from '../../../scripts/lab/child-process.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { freePort } from '../../../scripts/lab/free-port.ts';
import { run } from '../../../scripts/lab/run.ts';
import { makeTempDir, type TempDir } from '../../../scripts/lab/temp-dir.ts';

/** A running Ceph object gateway with its own small cluster, in memory. Disposing stops it and forgets everything. */
export interface CephRgw extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  readonly port: number;
  readonly accessKeyID: string;
  readonly secretAccessKey: string;
  /** The SDK's own client, to set up and to look at what the adapter did. */
  readonly client: S3Client;
  createBucket(name: string, options?: { readonly objectLock?: boolean }): Promise<void>;
  /** Makes an account that owns nothing: it may do what policies of buckets allow `arn:aws:iam:::user/NAME`. */
  createUser(name: string): Promise<{ readonly accessKeyID: string; readonly secretAccessKey: string }>;
}

const REGION = 'default';

/** Starts a monitor, a storage daemon that keeps all in memory, and the gateway; waits until it answers. Needs Debian's ceph packages. */
export async function startCephRgw(): Promise<CephRgw> {
  const home = makeTempDir();
  const children: Child[] = [];
  const stop = async (): Promise<void> => {
    for (const child of children.toReversed()) {
      await child.end('SIGTERM', { graceMs: 5000 });
    }
    home[Symbol.dispose]();
  };
  try {
    return { ...(await startDaemons(home, children)), [Symbol.asyncDispose]: stop };
  } catch (error) {
    const output = children.map((child) => child.output()).join('\n');
    await stop();
    throw new Error(`Ceph did not start:\n${output}`, { cause: error });
  }
}

async function startDaemons(home: TempDir, children: Child[]): Promise<Omit<CephRgw, keyof AsyncDisposable>> {
  const config = home.join('ceph.conf');
  const keyring = home.join('keyring');
  const fsid = randomUUID();
  const [monitor, gateway] = [await freePortPair(), await freePort()];
  const addresses = `[v2:127.0.0.1:${monitor},v1:127.0.0.1:${monitor + 1}]`;
  writeFileSync(config, configuration({ home, fsid, addresses, gateway }));
  for (const folder of ['mon', 'osd', 'run']) {
    mkdirSync(home.join(folder));
  }
  const ceph = (command: string, ...args: string[]) => run(command, ['-c', config, ...args]);
  const daemon = (command: string, ...args: string[]): void => {
    children.push(startChild(command, ['-c', config, ...args, '-f'], { env: {} }));
  };

  await createKeys(keyring);
  await run('monmaptool', ['--create', '--addv', 'a', addresses, '--fsid', fsid, home.join('monmap')]);
  await ceph('ceph-mon', '--mkfs', '-i', 'a', '--monmap', home.join('monmap'), '--keyring', keyring);
  daemon('ceph-mon', '-i', 'a');

  // The storage daemon does not come up, and says nothing, unless it is made with the id it was announced by.
  const osd = randomUUID();
  await ceph('ceph', 'osd', 'new', osd, '0');
  await ceph('ceph', 'auth', 'import', '-i', keyring);
  await ceph('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', osd);
  daemon('ceph-osd', '-i', '0');
  await ceph('ceph', 'osd', 'crush', 'add', 'osd.0', '1.0', 'root=default', 'host=localhost');
  daemon('radosgw', '-n', 'client.rgw.a');

  const endpoint = `http://127.0.0.1:${gateway}`;
  await eventually(() => answers(endpoint), {
    timeoutMs: 120_000,
    intervalMs: 200,
    describe: () => 'the gateway does not answer',
  });
  const createUser: CephRgw['createUser'] = async (name) => {
    const [accessKeyID, secretAccessKey] = [randomBytes(10).toString('hex'), randomBytes(20).toString('hex')];
    const keys = ['--access-key', accessKeyID, '--secret-key', secretAccessKey];
    await ceph('radosgw-admin', 'user', 'create', '--uid', name, '--display-name', name, ...keys);
    return { accessKeyID, secretAccessKey };
  };
  const { accessKeyID, secretAccessKey } = await createUser('tester');
  const client = new S3Client({
    endpoint,
    region: REGION,
    forcePathStyle: true,
    credentials: { accessKeyId: accessKeyID, secretAccessKey },
  });
  return {
    endpoint,
    port: gateway,
    accessKeyID,
    secretAccessKey,
    client,
    createUser,
    async createBucket(name, { objectLock = false } = {}) {
      await client.send(new CreateBucketCommand({ Bucket: name, ObjectLockEnabledForBucket: objectLock }));
    },
  };
}

function configuration(place: {
  readonly home: TempDir;
  readonly fsid: string;
  readonly addresses: string;
  readonly gateway: number;
}): string {
  const { home, fsid, addresses, gateway } = place;
  return `[global]
fsid = ${fsid}
mon host = ${addresses}
public addr = 127.0.0.1
keyring = ${home.join('keyring')}
osd pool default size = 1
osd pool default min size = 1
mon allow pool size one = true
osd crush chooseleaf type = 0
osd pool default pg num = 4
osd pool default pg autoscale mode = off
mon max pg per osd = 1000
osd objectstore = memstore
memstore device bytes = 4294967296
mon data avail crit = 1
mon data = ${home.join('mon')}
osd data = ${home.join('osd')}
admin socket = ${home.join('run')}/$name.asok
log file = ${home.join('run')}/$name.log
pid file = ${home.join('run')}/$name.pid
[client.rgw.a]
rgw frontends = beast endpoint=127.0.0.1:${gateway}
rgw crypt require ssl = false
`;
}

/** Everyone shares one file of keys; each is allowed what its part needs. */
async function createKeys(keyring: string): Promise<void> {
  const owners = [
    ['mon.', '--cap', 'mon', 'allow *'],
    ['client.admin', '--cap', 'mon', 'allow *', '--cap', 'osd', 'allow *', '--cap', 'mgr', 'allow *'],
    ['client.rgw.a', '--cap', 'mon', 'allow rwx', '--cap', 'osd', 'allow *'],
    ['osd.0', '--cap', 'mon', 'allow profile osd', '--cap', 'osd', 'allow *'],
  ];
  writeFileSync(keyring, '', { mode: 0o600 });
  for (const [name = '', ...capabilities] of owners) {
    await run('ceph-authtool', [keyring, '--gen-key', '-n', name, ...capabilities]);
  }
}

async function answers(endpoint: string): Promise<true | undefined> {
  const response = await fetch(endpoint).catch(() => undefined);
  await response?.arrayBuffer();
  return response?.ok === true ? true : undefined;
}

/** A free port whose successor was free a moment ago as well. */
async function freePortPair(): Promise<number> {
  for (;;) {
    const first = await freePort();
    const server = createServer().listen(first + 1, '127.0.0.1');
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.close();
    if (free) {
      return first;
    }
  }
}

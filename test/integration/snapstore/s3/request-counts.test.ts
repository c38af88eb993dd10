import assert from 'node:assert/strict';
import { it } from 'node:test';
import { figures } from '../../../../scripts/capacity/figures.ts';
import { etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { eventually } from '../../../../scripts/lab/eventually.ts';
import { makeRig } from '../../../cli/rig.ts';
import { startS3Server } from '../../../support/servers/s3-server.ts';
import { jsonEnvironment } from '../../../support/stores/json-environment.ts';

/** What a store is paid for, by kind. */
interface Paid {
  readonly writes: number;
  readonly reads: number;
  readonly lists: number;
  readonly objects: number;
}

it('an object costs the requests that docs/capacity.md reckons with', async () => {
  await using store = await startS3Server();
  await using rig = makeRig();
  await using etcd = await startEtcd({ release: await etcdRelease('3.5') });
  const keys = {
    region: 'x',
    accessKeyID: 'a',
    secretAccessKey: 'b',
    endpoint: store.endpoint,
    s3ForcePathStyle: true,
  };
  using credentials = jsonEnvironment('AWS', keys);
  const paid = (): Paid => {
    const sum = (...names: readonly string[]): number =>
      names.reduce((all, name) => all + (store.calls.get(name) ?? 0), 0);
    return {
      writes: sum('CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload', 'PutObject'),
      reads: sum('HeadObject', 'GetObject', 'versioning', 'object-lock'),
      lists: sum('ListObjectsV2', 'versions', 'uploads'),
      objects: store.objects.size,
    };
  };
  const snapshotter = rig.start(
    [
      ...['snapshot', '-e', etcd.clientUrl, '--delta-snapshot-period=1s', '--garbage-collection-period=1s'],
      ...['--storage-provider=S3', `--store-container=${store.bucket}`, '--store-prefix=p'],
    ],
    { env: credentials.variables },
  );
  const appeared = (count: number): Promise<true> =>
    eventually(() => (store.objects.size >= count ? true : undefined), { describe: () => snapshotter.stderr() });
  await appeared(1);
  const before = paid();
  const deltas = 4;
  for (let n = 0; n < deltas; n++) {
    await etcd.etcdctl('put', 'a', String(n));
    await appeared(before.objects + n + 1);
  }
  snapshotter.kill('SIGTERM');
  await snapshotter.finished;
  const after = paid();
  const each = (kind: 'writes' | 'reads' | 'lists'): number =>
    (after[kind] - before[kind]) / (after.objects - before.objects);
  // Each is one part.
  assert.equal(each('writes'), figures.writeRequests.value + 1);
  // The first full is not counted, what it asks when it has been stored is.
  assert.ok(each('reads') <= figures.readRequests.value + 0.5, `${each('reads')} reads`);
  assert.ok(each('reads') > figures.readRequests.value - 1, `${each('reads')} reads`);
  assert.ok(each('lists') <= figures.listsPerObject.value + 0.5, `${each('lists')} listings`);
});

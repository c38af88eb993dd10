import { createHash } from 'node:crypto';
import type { EtcdServer } from '../../../scripts/lab/etcd-server.ts';
import type { ExpectedKey } from './golden.ts';

interface ServedKey {
  readonly key: string;
  readonly create_revision: number;
  readonly mod_revision: number;
  readonly version: number;
  readonly value?: string;
  readonly lease?: string;
}

/** Every key a live etcd serves, at its newest revision or an older one, in key order, as in `expected.json`. */
export async function servedKeys(
  etcd: EtcdServer,
  { revision }: { readonly revision?: number } = {},
): Promise<readonly ExpectedKey[]> {
  const at = revision === undefined ? [] : [`--rev=${revision}`];
  const text = await etcd.etcdctl('get', '', '--prefix', '--write-out=json', ...at);
  // Lease ids do not fit a number; JSON.parse would round them.
  const { kvs = [] } = JSON.parse(text.replaceAll(/"lease":(-?\d+)/g, '"lease":"$1"')) as { kvs?: ServedKey[] };
  return kvs.map((kv) => {
    const value = Buffer.from(kv.value ?? '', 'base64');
    return {
      key: kv.key,
      createRevision: kv.create_revision,
      modRevision: kv.mod_revision,
      version: kv.version,
      lease: kv.lease ?? '0',
      valueSha256: createHash('sha256').update(value).digest('hex'),
      valueSize: value.length,
    };
  });
}

/** The hash a live etcd computes over its history up to `revision`. */
export async function servedHash(etcd: EtcdServer, revision: number): Promise<number> {
  const text = await etcd.etcdctl('endpoint', 'hashkv', `--rev=${revision}`, '--write-out=json');
  const [answer] = JSON.parse(text) as { HashKV: { hash: number } }[];
  if (answer === undefined) {
    throw new Error(`no hash in ${text}`);
  }
  return answer.HashKV.hash;
}

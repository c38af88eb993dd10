import { Etcd3 } from 'etcd3';
import type { EtcdServer } from '../../../scripts/lab/etcd-server.ts';

/** Writes keys through etcd's API, several at once; returns the revision of the last. */
export async function putMany(
  etcd: EtcdServer,
  data: {
    readonly keys: number;
    readonly key?: (index: number) => string;
    readonly value: (index: number) => Buffer;
    /** Writes that are on their way at the same time; default 8. */
    readonly atOnce?: number;
  },
): Promise<number> {
  const { keys, key = (index) => `key-${String(index).padStart(8, '0')}`, value, atOnce = 8 } = data;
  using client = etcdClient(etcd);
  let started = 0;
  let last = 0;
  const writer = async (): Promise<void> => {
    while (started < keys) {
      const index = started;
      started += 1;
      const { header } = await client.api.put(key(index)).value(value(index)).exec();
      last = Math.max(last, Number(header.revision));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, writer));
  return last;
}

/** etcd3's own client for test data, closed when it is disposed of. */
export function etcdClient(etcd: Pick<EtcdServer, 'clientUrl'>): Disposable & { readonly api: Etcd3 } {
  const api = new Etcd3({ hosts: etcd.clientUrl });
  return { api, [Symbol.dispose]: () => api.close() };
}

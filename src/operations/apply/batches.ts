import { MOST_KEYS } from '../../etcd/keys.ts';
import type { ExportedKey, KeySource } from '../export/exported-key.ts';

/** Bytes of keys and values in one request, which etcd limits to 1.5 MiB unless its configuration says otherwise. */
const MOST_BYTES = 512 * 1024;

/** The keys of a source in groups that fit into one transaction; a key that is larger is alone. */
export async function* batchesOf(source: KeySource): AsyncGenerator<readonly ExportedKey[], void> {
  let batch: ExportedKey[] = [];
  let bytes = 0;
  for await (const each of source.keys()) {
    const size = each.key.length + each.value.length;
    if (batch.length > 0 && (batch.length >= MOST_KEYS || bytes + size > MOST_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(each);
    bytes += size;
  }
  if (batch.length > 0) {
    yield batch;
  }
}

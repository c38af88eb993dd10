import { EtcdFailure } from '../../etcd/etcd-failure.ts';
import type { ClusterKeys } from '../../etcd/keys.ts';
import { Failure } from '../../runtime/failure.ts';
import { countText, formatBytes } from '../../runtime/log/amount.ts';
import { printable } from '../../runtime/log/printable.ts';
import type { Surprise } from './key-outcome.ts';

/** The failure of a run that met keys with another value, or too large ones; `consequence` is what follows from it. */
export function unexpectedKeysFailure(
  { first, others }: { readonly first: Surprise; readonly others: number },
  { location }: Pick<ClusterKeys, 'location'>,
  consequence: string,
): Failure {
  const more = others > 0 ? `, and there is something with ${countText(others, 'other key')}` : '';
  const name = JSON.stringify(printable(Buffer.from(first.key).toString()));
  const place = { action: 'write keys to', object: location } as const;
  switch (first.kind) {
    case 'too large':
      return new EtcdFailure({
        ...place,
        code: 'etcd_request_too_large',
        found: `the value of ${name} has ${formatBytes(first.size)}, more than etcd takes in a request${more}; ${consequence}`,
        remedy: 'raise --max-request-bytes of etcd, or give --keep-going to leave such keys out',
      });
    case 'being deleted':
      return new Failure({
        ...place,
        code: 'apply_conflict',
        found: `${name} was being deleted already in the state that is to be written, and would be deleted again${more}; ${consequence}`,
        remedy:
          'take an earlier state: etcdbrctl history of the namespace shows when its deletion began; --keep-going leaves such objects out',
      });
    case 'conflict':
      return new Failure({
        ...place,
        code: 'apply_conflict',
        found: `${name} has another value${first.revision > 0 ? `, of revision ${first.revision}` : ''}${more}; ${consequence}`,
        remedy:
          'see etcdbrctl diff; --unchanged-since REVISION replaces what was not changed after it, --keep-going leaves the rest alone',
      });
    default:
      return first satisfies never;
  }
}

import { EtcdFailure } from '../../../etcd/etcd-failure.ts';

/** Whether etcd may well work again in a while after a full failed so. */
export function isPassing(error: unknown): boolean {
  return error instanceof EtcdFailure && (error.isTransient || error.code === 'etcd_snapshot_incomplete');
}

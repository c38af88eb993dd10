import type { EtcdCluster, EtcdConnectionOptions } from '../etcd/cluster.ts';
import { Failure } from '../runtime/failure.ts';

/** Connects to the etcd cluster that the options describe. */
export function openCluster(options: EtcdConnectionOptions): Promise<EtcdCluster> {
  return Promise.reject(
    new Failure({ code: 'not_built', action: 'connect to', object: options.endpoints.join(','), found: 'not built' }),
  );
}

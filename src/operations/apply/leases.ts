import type { ClusterKeys } from '../../etcd/keys.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { ExportedKey } from '../export/exported-key.ts';

/** What becomes of leases: each is granted anew with its time to live, or keys are written without. */
export type LeaseRule = 'map' | 'drop';

/** New leases for those of an export, granted when the first key of each is written. */
export class MappedLeases {
  readonly #cluster: ClusterKeys;
  readonly #rule: LeaseRule;
  readonly #context: Pick<RunContext, 'signal' | 'log'>;
  readonly #granted = new Map<bigint, bigint>();

  constructor(cluster: ClusterKeys, rule: LeaseRule, context: Pick<RunContext, 'signal' | 'log'>) {
    this.#cluster = cluster;
    this.#rule = rule;
    this.#context = context;
  }

  /** The lease to write a key with; 0n for none. Throws an EtcdFailure. */
  async of({ lease, leaseTtl }: ExportedKey): Promise<bigint> {
    if (lease === 0n || this.#rule === 'drop') {
      return 0n;
    }
    const known = this.#granted.get(lease);
    if (known !== undefined) {
      return known;
    }
    const granted =
      leaseTtl === undefined || leaseTtl <= 0 ? 0n : await this.#cluster.grantLease(leaseTtl, this.#context);
    if (granted === 0n) {
      this.#context.log.warn(
        `The time to live of lease ${BigInt.asUintN(64, lease).toString(16)} is not known: its keys are written without a lease and do not expire`,
      );
    }
    this.#granted.set(lease, granted);
    return granted;
  }
}

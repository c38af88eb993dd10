import type { EtcdGateway, Write } from '../../../scripts/lab/etcd-gateway.ts';
import { seededRandom } from '../fixtures/byte-streams.ts';

/** What {@link RandomWrites} does next, in shares of a hundred. */
const shares = { delete: 20, leased: 15, large: 2 };

/** Writes that hit everything a backup has to carry: new and old keys, deletes, leases, transactions, empty and large values. */
export class RandomWrites {
  readonly #gateway: EtcdGateway;
  readonly #random: () => number;
  #leases: readonly string[] = [];

  constructor(gateway: EtcdGateway, seed: number) {
    this.#gateway = gateway;
    this.#random = seededRandom(seed);
  }

  /** Grants leases of an hour and more, each of another time, that later puts use. */
  async grantLeases(count: number): Promise<void> {
    for (let granted = 0; granted < count; granted++) {
      this.#leases = [...this.#leases, await this.#gateway.grantLease(3700 + this.#leases.length)];
    }
  }

  /** Makes `transactions` of one to six writes each; gives the revision of the last. */
  async write(transactions: number): Promise<number> {
    let revision = 0;
    for (let done = 0; done < transactions; done++) {
      const keys = new Set(Array.from({ length: 1 + this.#below(6) }, () => `key-${this.#below(80)}`));
      revision = await this.#gateway.write([...keys].map((key) => this.#operation(key)));
    }
    return revision;
  }

  #operation(key: string): Write {
    const draw = this.#below(100);
    if (draw < shares.delete) {
      return { delete: key };
    }
    const size = draw < shares.delete + shares.large ? 40_000 : this.#below(300);
    const value = Buffer.from(Array.from({ length: size }, () => this.#below(256)));
    const lease = this.#leases[this.#below(100) < shares.leased ? this.#below(10) : -1];
    return lease === undefined ? { put: key, value } : { put: key, value, lease };
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

import { MalformedMessage } from '../../protobuf/reader.ts';
import type { Database } from '../bbolt/database.ts';
import { decodeLease, leaseKey } from './lease-record.ts';

/** The seconds that leases of a database were granted for. */
export class LeaseTtls {
  readonly #database: Database;
  readonly #known = new Map<bigint, number | undefined>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Undefined without a lease, and for one that is not recorded. Throws Damage. */
  async of(lease: bigint): Promise<number | undefined> {
    if (lease !== 0n && !this.#known.has(lease)) {
      const bucket = await this.#database.bucket('lease');
      const record = await bucket?.get(leaseKey(lease));
      this.#known.set(lease, record === undefined ? undefined : secondsIn(record));
    }
    return this.#known.get(lease);
  }
}

function secondsIn(record: Uint8Array): number | undefined {
  try {
    return Number(decodeLease(record).ttlSeconds);
  } catch (error) {
    if (error instanceof MalformedMessage) {
      return undefined;
    }
    throw error;
  }
}

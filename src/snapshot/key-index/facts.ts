/** Where the database of a full comes from, as the full itself says. */
export interface FullFacts {
  /** Of the cluster, hexadecimal; like what follows left out where it is not known. */
  readonly clusterId?: string | undefined;
  /** Of the member that sent it, hexadecimal. */
  readonly memberId?: string | undefined;
  /** Of that member. */
  readonly etcdVersion?: string | undefined;
  /** The last entry of the raft log that the database has applied, and its term, decimal. */
  readonly raftTerm?: string | undefined;
  readonly raftIndex?: string | undefined;
  /** When etcd was asked for it, RFC 3339. */
  readonly takenAt?: string | undefined;
  /** The version of this program. */
  readonly writtenBy: string;
  /** The true last revision of the database. */
  readonly lastRevision: number;
  /** No earlier revision can be read; 0 where nothing was compacted. */
  readonly compactRevision: number;
  /** Bytes of a page of the database. */
  readonly pageSize: number;
}

/** The id of the cluster that a full says. */
export function clusterIdIn({ clusterId }: Pick<FullFacts, 'clusterId'>): bigint | undefined {
  const known = clusterId === undefined ? 0n : BigInt(`0x${clusterId}`);
  return known === 0n ? undefined : known;
}

/** The facts as JSON. */
export function encodeFacts(facts: FullFacts): Uint8Array {
  return Buffer.from(JSON.stringify(facts));
}

/** A number that was measured or that somebody asks for, and where it is from. */
export interface Figure {
  readonly value: number;
  readonly unit: string;
  readonly what: string;
  /** A row of `make bench`, a test, or a price list. */
  readonly from: string;
}

const MB = 1_000_000;

/** What the estimates are computed from. Two processors; half of each value is noise, half text. */
export const figures = {
  fullRatio: {
    value: 0.4,
    unit: '',
    what: 'bytes of a full in the store, for each byte of the database',
    from: '`make bench ONLY=snapshot`: 404.7 MB of 1.02 GB',
  },
  fullSpeed: {
    value: 64 * MB,
    unit: 'bytes/s',
    what: 'database read, compressed, checked and stored by `snapshot`',
    from: '`make bench ONLY=snapshot`: 0.43 of the 37 s of etcdctl and gzip',
  },
  deltaRatio: {
    value: 0.56,
    unit: '',
    what: 'bytes of a delta in the store, for each byte of key and value written',
    from: 'the data set of the bench: 3.46 MB for 12,000 changes of 512 bytes',
  },
  restoreSpeed: {
    value: 190 * MB,
    unit: 'bytes/s',
    what: 'database written by `restore` from a full on a local disk',
    from: '`make bench ONLY=restore`: 138 MB in 0.70 s',
  },
  changeCost: {
    value: 4.5e-6,
    unit: 's',
    what: 'time of `restore` for each change that deltas hold',
    from: '`make bench ONLY=restore`: 3,000,000 changes in 13 to 15 s',
  },
  snapshotMemory: {
    value: 150 * MB,
    unit: 'bytes',
    what: 'memory of `snapshot`, whatever the size of the database',
    from: '`make bench ONLY=snapshot,watch`',
  },
  outageMemory: {
    value: 200 * MB,
    unit: 'bytes',
    what: 'memory of `snapshot` while its store does not answer',
    from: '`make soak`',
  },
  restoreMemory: {
    value: 300 * MB,
    unit: 'bytes',
    what: 'memory of `restore`, `compact` and `verify`, whatever the size of the database',
    from: '`make bench ONLY=restore,compact`: 243 to 272 MB',
  },
  serverMemory: {
    value: 90 * MB,
    unit: 'bytes',
    what: 'memory of an idle `server`',
    from: '`make bench ONLY=idle`',
  },
  writeRequests: {
    value: 2,
    unit: 'requests',
    what: 'requests that write, for each object, besides one for each 5 MiB of it',
    from: '`test/integration/snapstore/s3/request-counts.test.ts`',
  },
  readRequests: {
    value: 2,
    unit: 'requests',
    what: 'requests that read, for each object',
    from: 'the same test',
  },
  listsPerObject: {
    value: 1,
    unit: 'requests',
    what: 'listings for each object, one a thousand objects below the prefix',
    from: 'the same test',
  },
  listsPerCollection: {
    value: 2,
    unit: 'requests',
    what: 'listings for each round of garbage collection',
    from: 'the same test',
  },
  pricePerWrite: {
    value: 0.005 / 1_000,
    unit: 'USD',
    what: 'price of a request that writes or lists',
    from: 'S3 Standard, us-east-1, list price',
  },
  pricePerRead: {
    value: 0.0004 / 1_000,
    unit: 'USD',
    what: 'price of a request that reads',
    from: 'S3 Standard, us-east-1, list price',
  },
  pricePerByte: {
    value: 0.023 / 1_000 / MB,
    unit: 'USD',
    what: 'price of a byte kept for a month',
    from: 'S3 Standard, us-east-1, list price',
  },
} as const satisfies Readonly<Record<string, Figure>>;

const KiB = 1024;
const MiB = 1024 * KiB;

/** The most that is taken of one thing from outside, and what happens beyond. `docs/limits.md` shows the table. */
export interface Limit {
  /** Where it comes from. */
  readonly from: 'etcd' | 'store' | 'file' | 'kubernetes' | 'client' | 'any';
  /** What is limited, for the page. */
  readonly what: string;
  readonly most: number;
  readonly unit: 'bytes' | 'characters' | 'entries' | 'levels' | 'seconds' | 'connections' | 'requests';
  /** Why as much as this and no more. */
  readonly why: string;
  /** What happens beyond. */
  readonly beyond: string;
}

/**
 * What others may send: every length that the other side chooses has its limit here, so that what arrives costs no more
 * memory, disk or time than sound data would. Readers take the limits that concern them as parameters; these are the defaults.
 */
export const limits = {
  answerMessage: {
    from: 'etcd',
    what: 'a gRPC message that answers one request (status, members, leases, login), expanded',
    most: 4 * MiB,
    unit: 'bytes',
    why: 'such answers have a few KiB; 4 MiB is the default of gRPC clients',
    beyond: 'the call fails (`etcd_refused`)',
  },
  snapshotMessage: {
    from: 'etcd',
    what: 'a gRPC message of a snapshot stream, expanded',
    most: 16 * MiB,
    unit: 'bytes',
    why: 'etcd sends 32 KiB at a time',
    beyond: 'the snapshot fails (`etcd_refused`)',
  },
  watchMessage: {
    from: 'etcd',
    what: 'a gRPC message of a watch, expanded',
    most: 40 * MiB,
    unit: 'bytes',
    why: 'etcd divides messages at `--max-request-bytes` and 512 KiB (1.5 MiB by default, more than 10 MiB is advised against)',
    beyond: 'the watch fails (`etcd_refused`)',
  },
  transaction: {
    from: 'etcd',
    what: 'the changes of one transaction that arrives in fragments: keys, values and 256 bytes a change',
    most: 128 * MiB,
    unit: 'bytes',
    why: 'a transaction is kept whole in memory; the deletion of 400,000 keys at once has this size',
    beyond: 'a full snapshot takes its place (`etcd_transaction_too_large`)',
  },
  snapshotSurplus: {
    from: 'etcd',
    what: 'bytes of a snapshot stream after those that were announced',
    most: 32,
    unit: 'bytes',
    why: 'the SHA-256 of the database',
    beyond: 'the snapshot fails (`etcd_snapshot_incomplete`)',
  },
  deltaEvent: {
    from: 'store',
    what: 'the JSON text of one event of a delta',
    most: 64 * MiB,
    unit: 'bytes',
    why: '48 MiB of key and value in base64: more than a watch message',
    beyond: 'the delta counts as damaged (`snapshot_corrupt`)',
  },
  deltaNesting: {
    from: 'store',
    what: 'JSON values inside each other in a delta',
    most: 64,
    unit: 'levels',
    why: 'a delta needs four',
    beyond: 'the delta counts as damaged (`snapshot_corrupt`)',
  },
  tinyFrames: {
    from: 'store',
    what: 'zstd frames of almost nothing (less than 256 bytes) in a row',
    most: 10_000,
    unit: 'entries',
    why: 'each takes time, and no writer makes so many; those of this program hold 512 KiB',
    beyond: 'the object counts as damaged (`snapshot_corrupt`)',
  },
  companionArchive: {
    from: 'store',
    what: 'the files of a companion, unpacked',
    most: 1024 * MiB,
    unit: 'bytes',
    why: 'certificates and manifests have some MiB',
    beyond: 'the companion counts as damaged (`companion_damaged`)',
  },
  companionEntries: {
    from: 'store',
    what: 'files, directories and links of a companion',
    most: 100_000,
    unit: 'entries',
    why: '`/etc` of a large machine has some thousands',
    beyond: 'the companion counts as damaged (`companion_damaged`)',
  },
  exportLine: {
    from: 'file',
    what: 'a line of an export, or a value in a file of its own',
    most: 256 * MiB,
    unit: 'bytes',
    why: 'a line holds one key with its value, which etcd limits to `--max-request-bytes` (1.5 MiB by default)',
    beyond: 'the export counts as damaged (`export_damaged`)',
  },
  apiServerBody: {
    from: 'kubernetes',
    what: 'the body of an answer of an API server',
    most: 3 * MiB,
    unit: 'bytes',
    why: 'no object of Kubernetes is larger; a lease has some hundred bytes',
    beyond: 'the renewal of the lease fails (`kube_unreachable`)',
  },
  requestHead: {
    from: 'client',
    what: 'the first line and the headers of a request',
    most: 64 * KiB,
    unit: 'bytes',
    why: 'callers send some hundred; HTTP/2 is limited to as much by default',
    beyond: '431, and the connection ends',
  },
  requestHeadTime: {
    from: 'client',
    what: 'the time from the first byte of a connection or request to the end of its headers, and that of a TLS handshake',
    most: 5,
    unit: 'seconds',
    why: 'as in the Go program',
    beyond: '408, or the connection ends',
  },
  requestBody: {
    from: 'client',
    what: 'the body of a request, which no path reads',
    most: 1 * MiB,
    unit: 'bytes',
    why: 'nobody sends one',
    beyond: '413, or the connection ends',
  },
  requestTime: {
    from: 'client',
    what: 'the time in which a request with its body arrives; how long its answer takes is not limited',
    most: 30,
    unit: 'seconds',
    why: 'a slow network sends some hundred bytes in less',
    beyond: '408, or the connection ends',
  },
  answerTime: {
    from: 'client',
    what: 'the time in which a client takes an answer that is ready, or the next piece of a long one',
    most: 30,
    unit: 'seconds',
    why: 'the longest that is made in memory has some hundred KiB',
    beyond: 'the connection ends',
  },
  unsentAnswers: {
    from: 'client',
    what: 'answers that clients have not taken yet, of all connections, without those up to 4 KiB',
    most: 64 * MiB,
    unit: 'bytes',
    why: 'metrics have some ten KiB, the snapshots of a large store some MiB',
    beyond: '503',
  },
  idleTime: {
    from: 'client',
    what: 'the time between two requests of a connection',
    most: 120,
    unit: 'seconds',
    why: 'longer than the usual times between two scrapes or probes',
    beyond: 'the connection ends',
  },
  connections: {
    from: 'client',
    what: 'connections at the same time',
    most: 256,
    unit: 'connections',
    why: 'a pod has a few callers',
    beyond: 'idle ones end; while none is idle, the new one ends',
  },
  requestsAtOnce: {
    from: 'client',
    what: 'requests of one connection that wait for an answer (HTTP/1.1 pipelining, HTTP/2 streams)',
    most: 16,
    unit: 'requests',
    why: 'callers send one at a time',
    beyond: 'the connection ends, or HTTP/2 refuses the stream',
  },
  viewers: {
    from: 'client',
    what: 'browsers that look at the dashboard at the same time',
    most: 16,
    unit: 'connections',
    why: 'each holds a connection for as long as it looks',
    beyond: '503, and the browser asks again',
  },
  profileTime: {
    from: 'client',
    what: 'the time that a CPU profile spans',
    most: 300,
    unit: 'seconds',
    why: 'its samples are kept in memory until it ends',
    beyond: '400',
  },
  etcdConfig: {
    from: 'file',
    what: "etcd's own configuration file",
    most: MiB,
    unit: 'bytes',
    why: 'it has some KiB',
    beyond: 'it is not used (`member_config`)',
  },
  foreignText: {
    from: 'any',
    what: 'a text of others in a message: of a store, an etcd, a library',
    most: 500,
    unit: 'characters',
    why: 'what is longer is a page of HTML or no text at all',
    beyond: 'it is cut, before anything is searched in it',
  },
  message: {
    from: 'any',
    what: 'the text of an error with all its causes, or of a log line or its field',
    most: 4_000,
    unit: 'characters',
    why: 'such a line can still be read',
    beyond: 'it is cut',
  },
} as const satisfies Readonly<Record<string, Limit>>;

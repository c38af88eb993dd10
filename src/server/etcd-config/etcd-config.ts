import { type Document, isMap } from 'yaml';
import { type InitialCluster, readInitialCluster } from '../../datadir/membership/initial-cluster.ts';
import type { Failure } from '../../runtime/failure.ts';
import { wrongEtcdConfig } from './wrong-etcd-config.ts';

/** A key of etcd's configuration that a sidecar reads. */
export type EtcdConfigKey =
  | 'initial-cluster'
  | 'initial-cluster-token'
  | 'member-name-prefix'
  | 'initial-advertise-peer-urls'
  | 'advertise-client-urls';

/** etcd's own configuration, as its file has it. Each key is judged when it is asked for. */
export class EtcdConfig {
  /** Path of the file. */
  readonly path: string;
  readonly #document: Document;

  /** `document` is one without errors. Throws a {@link Failure} `member_config` when it is no map. */
  constructor(path: string, document: Document) {
    this.path = path;
    this.#document = document;
    if (!isMap(document.contents)) {
      throw this.wrong('it is no list of keys and values');
    }
  }

  /** The parsed text, for a copy with other values. */
  get document(): Document {
    return this.#document;
  }

  /** The value of a key; undefined when it is missing or null. */
  value(key: EtcdConfigKey): unknown {
    // By way of the whole, so that merged maps and aliases count.
    const values = this.#document.toJS({ maxAliasCount: 100 }) as Readonly<Record<string, unknown>>;
    return values[key] ?? undefined;
  }

  /** The value of a key as text; undefined when it is missing or empty. Throws a {@link Failure} when it is something else. */
  text(key: EtcdConfigKey): string | undefined {
    const value = this.value(key);
    if (value === undefined || value === '') {
      return undefined;
    }
    if (typeof value !== 'string') {
      throw this.wrong(`${key} is no text`);
    }
    return value;
  }

  /** The members by name; undefined when the key is missing. Throws a {@link Failure} when it is not understood. */
  initialCluster(): InitialCluster | undefined {
    const text = this.text('initial-cluster');
    if (text === undefined) {
      return undefined;
    }
    const reading = readInitialCluster(text);
    if ('wrong' in reading) {
      throw this.wrong(`initial-cluster: ${reading.wrong}`);
    }
    return reading.value;
  }

  /** How many members the file names; 1 where it names none, as etcd has it. */
  get members(): number {
    return this.initialCluster()?.size ?? 1;
  }

  /** What is thrown for a file that cannot be used. */
  wrong(found: string, cause?: unknown): Failure {
    return wrongEtcdConfig({ path: this.path, found, cause });
  }
}

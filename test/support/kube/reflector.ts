import { setTimeout as delay } from 'node:timers/promises';
import type { KubeClient, KubeObject } from './kube-client.ts';

/** How long a client waits before it asks a server that is not there again, ms. */
const pauseMs = 100;

/**
 * What every controller of Kubernetes does: lists a collection, watches it from that version on, takes a watch up again where it ended,
 * and lists anew only when the server says that the version is gone (410). It keeps what it believes to be there.
 */
export class Reflector implements AsyncDisposable {
  readonly #client: KubeClient;
  readonly #collection: string;
  readonly #stop = new AbortController();
  readonly #believed = new Map<string, KubeObject>();
  readonly #running: Promise<void>;
  #lists = 0;
  #version = '';

  /** Begins at once. `collection` is the path of a list. */
  constructor(client: KubeClient, collection: string) {
    this.#client = client;
    this.#collection = collection;
    this.#running = this.#run();
  }

  /** Names of the objects that it believes to be there, sorted. */
  get names(): readonly string[] {
    return [...this.#believed.keys()].toSorted();
  }

  /** How often it has listed all; more than once, when it was told that its version is gone. */
  get lists(): number {
    return this.#lists;
  }

  /** The version that it goes on from. */
  get version(): bigint {
    return BigInt(this.#version || 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        if (this.#version === '') {
          await this.#list();
        }
        await this.#watch();
      } catch {
        // The server is not there: the watch goes on from the same version later.
        await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #list(): Promise<void> {
    const list = await this.#client.expect('GET', this.#collection, { signal: this.#stop.signal });
    this.#believed.clear();
    for (const item of list['items'] as readonly KubeObject[]) {
      this.#believed.set(nameOf(item), item);
    }
    this.#lists += 1;
    this.#version = list.metadata?.resourceVersion ?? '';
  }

  async #watch(): Promise<void> {
    for await (const { type, object } of this.#client.watch(this.#collection, this.#version, this.#stop.signal)) {
      switch (type) {
        case 'ERROR':
          if (object['code'] !== 410) {
            throw new Error(String(object['message']));
          }
          this.#version = '';
          return;
        case 'DELETED':
          this.#believed.delete(nameOf(object));
          break;
        default:
          this.#believed.set(nameOf(object), object);
      }
      this.#version = object.metadata?.resourceVersion ?? this.#version;
    }
  }
}

function nameOf({ metadata }: KubeObject): string {
  return `${metadata?.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata?.name}`;
}

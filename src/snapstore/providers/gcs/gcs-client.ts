import { type Bucket as SdkBucket, Storage } from '@google-cloud/storage';
import type { GcsTransport } from './gcs-transport.ts';

/** The public service. */
export const publicEndpoint = 'https://storage.googleapis.com';

/** Where requests go, and how. */
export interface GcsClientOptions {
  readonly bucket: string;
  /** URL of the service, with or without `/storage/v1` at its end. */
  readonly endpoint: string;
  readonly transport: GcsTransport;
}

/** The SDK, as far as one bucket is concerned. */
export class GcsClient {
  readonly #storage: Storage;
  readonly #bucket: string;
  readonly #transport: GcsTransport;

  constructor({ bucket, endpoint, transport }: GcsClientOptions) {
    // The Go program is given the address of the JSON API, this SDK that of the service.
    const service = endpoint.replace(/\/storage\/v1$/, '');
    this.#storage = new Storage({ apiEndpoint: service, retryOptions: { autoRetry: false } });
    // Otherwise an environment variable of the SDK would set these.
    this.#storage.apiEndpoint = service;
    this.#storage.baseUrl = `${service}/storage/v1`;
    // The SDK types what it does not document; requests and answers pass through as they are.
    Object.assign(this.#storage, { makeAuthenticatedRequest: transport.handle.bind(transport) });
    this.#bucket = bucket;
    this.#transport = transport;
  }

  /** Gets a token when there is none: the SDK's upload streams lose the error of a request that cannot begin. */
  async authorize(): Promise<void> {
    await this.#transport.authorize();
  }

  /** The bucket for one call: its requests end when the signal aborts. */
  bucket(signal: AbortSignal): SdkBucket {
    const bucket = this.#storage.bucket(this.#bucket);
    bucket.interceptors.push({
      request: (options) => {
        Object.assign(options, { signal });
        return options as ReturnType<NonNullable<(typeof bucket.interceptors)[number]['request']>>;
      },
    });
    return bucket;
  }
}

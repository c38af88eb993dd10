import type { File as SdkFile } from '@google-cloud/storage';
import type { Clock } from '../../../runtime/clock.ts';
import { type RequestTimeouts, StoreRequests, type StoreTask } from '../../http/store-requests.ts';
import { StoreError } from '../../store-error.ts';
import { formatCrc32c } from '../../upload/part-digests.ts';
import type { GcsClient } from './gcs-client.ts';
import { gcsError, unlessGone } from './gcs-error.ts';
import { type GcsObject, parseObject } from './gcs-object.ts';
import { TokenRefused } from './gcs-transport.ts';

/** The requests about single objects that uploads and the bucket share. */
export class GcsRequests extends StoreRequests {
  readonly client: GcsClient;
  readonly location: string;

  constructor(
    client: GcsClient,
    {
      location,
      clock,
      timeouts,
    }: { readonly location: string; readonly clock: Clock; readonly timeouts: RequestTimeouts },
  ) {
    super({ clock, timeouts, translate: gcsError });
    this.client = client;
    this.location = location;
  }

  /** A task on an object. */
  task(action: string, key: string, { signal, retry }: Pick<StoreTask, 'signal' | 'retry'>): StoreTask {
    return { action, object: `${this.location}/${key}`, signal, retry };
  }

  /** What is stored under a key; undefined when there is nothing. */
  async stat(key: string, signal: AbortSignal): Promise<GcsObject | undefined> {
    try {
      return await this.run(this.task('look at', key, { signal, retry: 'safe' }), async (abortSignal) => {
        const [resource] = await this.client.bucket(abortSignal).file(key).getMetadata();
        return parseObject(resource);
      });
    } catch (error) {
      if (error instanceof StoreError && error.kind === 'not_found') {
        return undefined;
      }
      throw error;
    }
  }

  /** Deletes an object; of this generation only, where one is given. */
  async delete(key: string, { signal, generation }: { readonly signal: AbortSignal; readonly generation?: number }) {
    let tries = 0;
    await this.run(this.task('delete', key, { signal, retry: 'safe' }), async (abortSignal) => {
      tries += 1;
      const condition = generation === undefined ? {} : { ifGenerationMatch: generation };
      const deleting = this.client.bucket(abortSignal).file(key).delete(condition);
      // An earlier try may have succeeded although its response was lost.
      await (tries === 1 ? deleting : deleting.catch(unlessGone));
    });
  }

  /**
   * Writes an object in one request if the present one is of generation `over` (0: there is none).
   * The service compares its bytes with their CRC-32C. Not tried again.
   */
  async write(
    task: StoreTask,
    object: { readonly key: string; readonly bytes: Buffer; readonly crc: number; readonly over: number },
  ): Promise<GcsObject> {
    return await this.run(task, async (abortSignal) => {
      await this.client.authorize();
      const file = this.client.bucket(abortSignal).file(object.key);
      // A token may be revoked before it expires: a new one is tried once, and then its refusal counts.
      await send(file, object).catch((error: unknown) => resend(error, () => send(file, object)));
      return parseObject(file.metadata);
    });
  }
}

/** Sends again what was refused because of its token. Throws the service's refusal when the new one is not accepted either. */
async function resend(error: unknown, again: () => Promise<void>): Promise<void> {
  if (!(error instanceof TokenRefused)) {
    throw error;
  }
  await again().catch((refusal: unknown) => {
    throw refusal instanceof TokenRefused ? refusal.cause : refusal;
  });
}

async function send(
  file: SdkFile,
  { bytes, crc, over }: { readonly bytes: Buffer; readonly crc: number; readonly over: number },
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  file
    .createWriteStream({
      resumable: false,
      validation: false,
      metadata: { crc32c: formatCrc32c(crc) },
      preconditionOpts: { ifGenerationMatch: over },
    })
    .on('error', reject)
    .on('finish', resolve)
    .end(bytes);
  await promise;
}

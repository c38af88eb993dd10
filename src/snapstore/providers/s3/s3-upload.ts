import { hash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { crc32c } from '../../../checksum/crc32c.ts';
import { countText } from '../../../runtime/log/amount.ts';
import type { CallOptions, ObjectEntry, Upload, UploadPart } from '../../bucket.ts';
import { ForeignAnswer } from '../../http/foreign-answer.ts';
import { foreignAnswerError } from '../../http/request-error.ts';
import { StoreError } from '../../store-error.ts';
import { formatCrc32c } from '../../upload/part-digests.ts';
import { UploadVanished } from '../../upload/upload-vanished.ts';
import { type ExpectedObject, headFinished, isWhole, lookAtFinished, versionOf, wholeEtag } from './finished-object.ts';
import type { PartEtags } from './part-etags.ts';
import { s3ErrorCode } from './s3-error.ts';
import type { S3Place } from './s3-place.ts';
import type { ChecksumMode, SseCustomerKey } from './s3-settings.ts';

/** A multipart upload that the service knows of. */
export interface S3UploadTarget {
  readonly key: string;
  readonly uploadId: string;
  readonly sse: SseCustomerKey | undefined;
  readonly checksums: ChecksumMode;
  /** Those of all uploads of the bucket. */
  readonly etags: PartEtags;
}

/** What is known of a part that arrived. */
interface ArrivedPart {
  readonly size: number;
  readonly completed: CompletedPart;
  /** In hex, where the store says it. */
  readonly md5: string | undefined;
}

/** A multipart upload to S3. Each part is sent with its CRC-32C; where the service does not know that, the MD5 it found is compared. */
export class S3Upload implements Upload {
  readonly #place: S3Place;
  readonly #target: S3UploadTarget;
  readonly #object: string;
  readonly #parts = new Map<number, ArrivedPart>();
  #state: 'open' | 'completing' | 'completed' | 'aborted' = 'open';

  constructor(place: S3Place, target: S3UploadTarget) {
    this.#place = place;
    this.#target = target;
    this.#object = `${place.location}/${target.key}`;
  }

  async writePart({ number, bytes, digests }: UploadPart, { signal }: CallOptions): Promise<void> {
    const { client, requests } = this.#place;
    const action = `upload part ${number} of`;
    const task = {
      action,
      object: this.#object,
      signal,
      retry: 'never',
      deadlineMs: requests.timeouts.partMs,
    } as const;
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const checksum =
      this.#target.checksums === 'when_required' ? undefined : formatCrc32c(digests?.crc32c ?? crc32c(0, body));
    const input = {
      ...this.#addressed(),
      PartNumber: number,
      Body: body,
      ContentLength: body.length,
      ...this.#target.sse,
    };
    const send = (abortSignal: AbortSignal) => {
      const command = new UploadPartCommand({ ...input, ...(checksum !== undefined && { ChecksumCRC32C: checksum }) });
      if (digests?.sha256 !== undefined) {
        signWith(digests.sha256, command.middlewareStack);
      }
      return client.send(command, { abortSignal });
    };
    const answer = await requests.run(task, send).catch((error: unknown) => {
      throw s3ErrorCode(error) === 'NoSuchUpload'
        ? new UploadVanished({ action, object: this.#object, cause: error })
        : error;
    });
    const md5 = this.#target.etags.md5Of(answer.ETag, answer);
    const arrived =
      checksum !== undefined && answer.ChecksumCRC32C !== undefined
        ? answer.ChecksumCRC32C === checksum
        : md5 === undefined || md5 === Buffer.from(digests?.md5 ?? hash('md5', body, 'buffer')).toString('hex');
    if (!arrived) {
      throw new StoreError('transient', {
        action,
        object: this.#object,
        found: 'the store received other bytes than were sent',
      });
    }
    const completed = { PartNumber: number, ETag: answer.ETag, ChecksumCRC32C: answer.ChecksumCRC32C };
    this.#parts.set(number, { size: body.length, completed, md5 });
  }

  async complete(
    whole: { readonly parts: number; readonly size: number },
    { signal }: CallOptions,
  ): Promise<ObjectEntry> {
    signal.throwIfAborted();
    const ordered = [...this.#parts].sort(([a], [b]) => a - b).map(([, part]) => part);
    const size = ordered.reduce((sum, part) => sum + part.size, 0);
    const numbered = ordered.every(({ completed }, at) => completed.PartNumber === at + 1);
    if (!numbered || ordered.length !== whole.parts || size !== whole.size) {
      throw this.#failure(
        'invalid',
        `${countText(ordered.length, 'part')} with ${size} bytes arrived, not ${whole.parts} with ${whole.size}`,
      );
    }
    this.#state = 'completing';
    const expected = { size, etag: wholeEtag(ordered.map(({ md5 }) => md5)), parts: ordered.length };
    const published = await this.#publish(ordered, expected, signal);
    const entry = await this.#verify(published, expected, signal);
    this.#state = 'completed';
    return entry;
  }

  get leftovers(): string {
    return `multipart upload ${this.#target.uploadId} of ${this.#object}`;
  }

  async abort({ signal }: CallOptions): Promise<void> {
    const unclear = this.#state === 'completing';
    if (this.#state === 'completed' || this.#state === 'aborted') {
      return;
    }
    const { client, requests } = this.#place;
    const task = { action: 'abort the upload of', object: this.#object, signal, retry: 'safe' } as const;
    try {
      await requests.run(task, (abortSignal) =>
        client.send(new AbortMultipartUploadCommand(this.#addressed()), { abortSignal }),
      );
    } catch (error) {
      // It is gone already; after an attempt to complete it, because that succeeded: then the object is whole.
      if (
        s3ErrorCode(error) !== 'NoSuchUpload' &&
        !(unclear && error instanceof StoreError && error.kind === 'not_found')
      ) {
        throw error;
      }
    }
    this.#state = 'aborted';
  }

  /** Joins the parts and gives the object's version. When the response was lost, the object shows whether it was done. */
  async #publish(
    ordered: readonly ArrivedPart[],
    expected: ExpectedObject,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { client, requests } = this.#place;
    const task = { action: 'complete the upload of', object: this.#object, signal, retry: 'safe' } as const;
    const parts = ordered.map(({ completed }) => completed);
    const input = { ...this.#addressed(), MultipartUpload: { Parts: parts }, ...this.#target.sse };
    try {
      const answer = await requests.run(task, (abortSignal) =>
        client.send(new CompleteMultipartUploadCommand(input), { abortSignal }).catch(repeatedWhenEmpty(task)),
      );
      return versionOf(answer);
    } catch (error) {
      const unknown = s3ErrorCode(error) === 'NoSuchUpload';
      const foreign = foreignCause(error);
      if (unknown || foreign !== undefined) {
        const found = await headFinished(this.#place, this.#target, { signal }).catch(() => undefined);
        if (found !== undefined && isWhole(found, expected)) {
          return found.versionId;
        }
      }
      if (unknown) {
        throw new UploadVanished({ ...task, cause: error });
      }
      throw foreign === undefined ? error : foreignAnswerError(foreign, task, { cause: foreign });
    }
  }

  async #verify(versionId: string | undefined, expected: ExpectedObject, signal: AbortSignal): Promise<ObjectEntry> {
    const found = await lookAtFinished(this.#place, this.#target, { versionId, signal });
    // Another ETag means that somebody has replaced it since: then its size says nothing about ours.
    const ours = versionId !== undefined || expected.etag === undefined || found.etag === expected.etag;
    if (ours && found.size !== undefined && found.size !== expected.size) {
      throw this.#failure('transient', `the store holds ${found.size} bytes where ${expected.size} were sent`);
    }
    return {
      key: this.#target.key,
      size: expected.size,
      modifiedAt: found.modifiedAt,
      ...(versionId !== undefined && { versionId }),
    };
  }

  #addressed(): { readonly Bucket: string; readonly Key: string; readonly UploadId: string } {
    return { Bucket: this.#place.bucket, Key: this.#target.key, UploadId: this.#target.uploadId };
  }

  #failure(kind: 'invalid' | 'transient', found: string): StoreError {
    return new StoreError(kind, { action: 'complete the upload of', object: this.#object, found });
  }
}

/** Signs a request with the SHA-256 of its body that is known already: the signer takes it from this header. */
function signWith(sha256: Uint8Array, stack: UploadPartCommand['middlewareStack']): void {
  stack.add(
    (next) => (args) => {
      const { headers } = args.request as { readonly headers: Record<string, string> };
      headers['x-amz-content-sha256'] = Buffer.from(sha256).toString('hex');
      return next(args);
    },
    { step: 'build', name: 'knownPayloadHash' },
  );
}

/** An empty success: S3 gives it when it had to end a long completion in the middle. */
function repeatedWhenEmpty(task: { readonly action: string; readonly object: string }): (error: unknown) => never {
  return (error) => {
    if (error instanceof ForeignAnswer && error.isEmpty) {
      throw new StoreError('transient', { ...task, found: error.message, cause: error });
    }
    throw error;
  };
}

function foreignCause(error: unknown): ForeignAnswer | undefined {
  return error instanceof StoreError && error.cause instanceof ForeignAnswer ? error.cause : undefined;
}

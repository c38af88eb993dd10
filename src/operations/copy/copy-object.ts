import type { Readable } from 'node:stream';
import { ContentCheck } from '../../objects/content-check.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { lazyBody } from '../../runtime/streams/lazy.ts';
import { SnapshotDamage } from '../../snapshot/damage.ts';
import { encrypt, encryptedSizeBound } from '../../snapshot/encryption/encrypt.ts';
import { type Identities, NoIdentityFits } from '../../snapshot/encryption/identities.ts';
import type { Recipients } from '../../snapshot/encryption/recipients.ts';
import { decryptedBody, noIdentity } from '../../snapstore/backups/decrypted-body.ts';
import type { CallOptions } from '../../snapstore/bucket.ts';
import { consumeBody } from '../../snapstore/http/object-body.ts';
import { retryTransient, transferRetries } from '../../snapstore/retry-transient.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { StoreError } from '../../snapstore/store-error.ts';
import { transferReport } from '../../snapstore/transfer-report.ts';
import type { ContentCheckThread } from '../../workers/content-check-thread.ts';
import type { PlannedObject } from './plan.ts';

/** Keys for what is encrypted, in the source and in the target. Both stores give and take objects as they are stored. */
export interface CopyKeys {
  readonly identities: Identities;
  /** Who can read the copies, which are encrypted on the way; undefined to copy objects as they are. */
  readonly recipients: Recipients | undefined;
}

/** Two stores. */
export interface CopyRoute {
  readonly source: SnapStore;
  readonly target: SnapStore;
  /** Keys for what is encrypted; left out, all is copied as it is. */
  readonly keys?: CopyKeys | undefined;
}

/** The source listed this object, and has deleted it since. */
export class VanishedObject extends Error {}

/**
 * Sends one object from store to store, its hash checked on the way. It becomes visible only after `publishAfter` has resolved:
 * the objects before it come first. Starts over after a transient store error; `onCopied` gets bytes, less than
 * zero when they have to be sent again.
 * Throws {@link VanishedObject}, a {@link Failure} `snapshot_corrupt` or `no_identity`, a StoreError, or what `publishAfter` rejects with.
 */
export async function copyObject(
  object: PlannedObject,
  route: CopyRoute,
  work: {
    readonly publishAfter: Promise<void>;
    readonly checks: ContentCheckThread;
    readonly onCopied: (bytes: number) => void;
    readonly context: RunContext;
  },
): Promise<void> {
  const { signal, clock, log } = work.context;
  const { source, target } = object;
  const attempt = async (): Promise<void> => {
    let copied = 0;
    const onUploaded = (bytes: number): void => {
      copied += bytes;
      work.onCopied(bytes);
    };
    try {
      // Opened when the target is ready for it, so that a target that refuses leaves no open connection.
      const body = lazyBody(() => openSource(object, route, { signal }));
      const { publishAfter } = work;
      const recipients = route.keys?.recipients;
      if (recipients !== undefined) {
        const sizeBound = encryptedSizeBound(source.size, recipients);
        const sealed = encrypt(checkedContents(body, source), recipients);
        await route.target.save(target, sealed, {
          signal,
          sizeBound,
          sizeAtLeast: source.encryption === undefined ? source.size : undefined,
          publishAfter,
          onUploaded,
        });
        return;
      }
      const { partDigests: digests } = route.target.traits;
      const { compression, encryption } = source;
      const identities = encryption === undefined ? undefined : route.keys?.identities;
      const task = { compression, encryption, digests };
      using inspection =
        identities === undefined || identities.count === 0
          ? work.checks.begin(task)
          : new ContentCheck(task, identities);
      await route.target.save(target, body, {
        signal,
        sizeBound: source.size,
        sizeAtLeast: source.size,
        publishAfter,
        inspection,
        onUploaded,
      });
    } catch (error) {
      work.onCopied(-copied);
      throw error;
    }
  };
  // The bytes may have been altered on their way from the source.
  const onceMoreAfterDamage = async (): Promise<void> => {
    try {
      await attempt();
    } catch (error) {
      if (!(error instanceof SnapshotDamage)) {
        throw error;
      }
      log.warn({ snapshot: source.name, error: error.message }, `${source.name} seems damaged, reading it once more`);
      await attempt();
    }
  };
  try {
    await retryTransient(onceMoreAfterDamage, {
      clock,
      signal,
      policy: transferRetries,
      onRetry: transferReport({ log, name: source.name }, 'Copying'),
    });
  } catch (error) {
    if (error instanceof NoIdentityFits && route.keys !== undefined) {
      throw noIdentity(source, route.keys.identities);
    }
    throw error instanceof SnapshotDamage ? corrupt(object, route, error) : error;
  }
}

async function openSource(
  object: PlannedObject,
  route: CopyRoute,
  options: CallOptions,
): Promise<AsyncIterable<Uint8Array>> {
  try {
    const { keys } = route;
    // Without recipients it stays as it is.
    const identities = keys?.recipients === undefined ? 'as stored' : keys.identities;
    const fetch = (): Promise<Readable> => route.source.fetch(object.source, options);
    return consumeBody(await decryptedBody(object.source, fetch, identities));
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'not_found') {
      throw new VanishedObject(object.source.name, { cause: error });
    }
    throw error;
  }
}

/** Passes on what is compressed; fails at its end unless the hash inside is right. */
async function* checkedContents(
  contents: AsyncIterable<Uint8Array>,
  { compression }: StoredSnapshot,
): AsyncGenerator<Uint8Array, void, undefined> {
  using check = new ContentCheck({ compression, digests: [] });
  for await (const bytes of contents) {
    yield (await check.inspect(bytes)).bytes;
  }
  await check.verdict();
}

function corrupt({ source }: PlannedObject, route: CopyRoute, cause: SnapshotDamage): Failure {
  return new Failure({
    code: 'snapshot_corrupt',
    action: 'copy',
    object: `${source.name} of ${route.source.location}`,
    found: `it is damaged: ${cause.message}`,
    remedy: 'look for another copy of it; the deltas after it were not copied either',
    cause,
  });
}

import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { RunContext } from '../../runtime/run-context.ts';
import { newProbeName } from '../../snapstore/backups/probe-key.ts';
import { storeRoot } from '../../snapstore/backups/store-root.ts';
import type { ListingDoubt, ObjectEntry } from '../../snapstore/bucket.ts';
import type { OpenBucket } from '../../snapstore/registry.ts';
import { type RetryPolicy, requestRetries } from '../../snapstore/retry-transient.ts';
import { stayedError } from '../../snapstore/stayed-error.ts';
import { StoreError } from '../../snapstore/store-error.ts';
import { uploadInChunks } from '../../snapstore/upload/uploader.ts';

/** What is tried, in this order. */
export const checkSteps = ['write', 'list', 'read', 'delete'] as const;

/** One of {@link checkSteps}. */
export type CheckStep = (typeof checkSteps)[number];

/** How a step went. */
export type StepResult = { readonly step: CheckStep } & (
  | { readonly outcome: 'ok'; readonly ms: number }
  /** Deleting is refused on purpose: the probe stays until its retention ends. */
  | { readonly outcome: 'immutable'; readonly ms: number; readonly error: StoreError }
  | { readonly outcome: 'failed'; readonly ms: number; readonly error: unknown }
  /** There was nothing to try it on. */
  | { readonly outcome: 'skipped' }
);

/** What is known of a store after it was tried. */
export interface StoreCheck {
  /** Container and prefix, for messages. */
  readonly location: string;
  /** Key of the object that was written. */
  readonly probe: string;
  readonly steps: readonly StepResult[];
  /** The store's clock less ours, ms, exact to a second or so; undefined when the probe could not be written. */
  readonly clockSkewMs: number | undefined;
  /** True when the store keeps several versions of an object; undefined when the probe was not listed. */
  readonly versioned: boolean | undefined;
  /** Until when the store refuses to delete the probe, ms since the epoch. */
  readonly immutableUntil: number | undefined;
  /** The container was not there before, and was made to write into it. */
  readonly containerMade: boolean;
  /** What the account is not allowed to know, a sentence each. */
  readonly doubts: readonly string[];
}

/** A person waits for the answer, so a step that fails is not tried again. */
const noRetries: RetryPolicy = { ...requestRetries, retries: 0 };

/** How long a listing may take that only completes the picture of a store that does not answer, ms. */
const lateListingMs = 5_000;

/** Enough for a request with a body to be one. */
const probeBytes = 1024;

/**
 * Tries what backups need on an object of 1 KiB below `prefix`, whose name no reader of backups takes for one. A step that fails
 * does not end the others. Rejects only with the reason of the context's signal.
 */
export async function checkStore(
  { bucket, upload }: OpenBucket,
  prefix: string,
  { signal, clock }: Pick<RunContext, 'signal' | 'clock'>,
): Promise<StoreCheck> {
  const folder = `${storeRoot(prefix, bucket.location)}v2/`;
  const key = `${folder}${newProbeName()}`;
  const content = randomBytes(probeBytes);
  const steps: StepResult[] = [];
  const attempt = async <T>(step: CheckStep, action: () => Promise<T>): Promise<T | undefined> => {
    const begun = clock.monotonic();
    const elapsed = (): number => clock.monotonic() - begun;
    try {
      const value = await action();
      steps.push({ step, outcome: 'ok', ms: elapsed() });
      return value;
    } catch (error) {
      signal.throwIfAborted();
      const immutable = step === 'delete' && isLocked(error, { until: listed?.immutableUntil, now: clock.now() });
      steps.push(
        immutable
          ? { step, outcome: 'immutable', ms: elapsed(), error }
          : { step, outcome: 'failed', ms: elapsed(), error },
      );
      return undefined;
    }
  };

  const isThere = (await bucket.exists?.({ signal }).catch(() => true)) ?? true;
  signal.throwIfAborted();
  let listed: ObjectEntry | undefined;
  const doubts = new Set<string>();
  const sent = clock.now();
  const written = await attempt('write', () =>
    uploadInChunks(
      bucket,
      { key, body: once(content), sizeBound: content.length, signal },
      {
        ...upload,
        retries: noRetries,
      },
    ),
  );
  const answered = clock.now();
  const answers = !steps.some(({ outcome }) => outcome === 'failed');
  const bounded = answers ? signal : AbortSignal.any([signal, AbortSignal.timeout(lateListingMs)]);
  const onDoubt = ({ reason }: ListingDoubt): unknown => doubts.add(reason);
  listed = await attempt('list', () =>
    find(bucket.list(key, { signal: bounded, onDoubt }), { key, expected: written }).catch((cause: unknown) => {
      throw bounded.aborted && !signal.aborted ? tooLate(bucket.location, cause) : cause;
    }),
  );
  const probe = written ?? listed;
  if (probe === undefined) {
    steps.push({ step: 'read', outcome: 'skipped' }, { step: 'delete', outcome: 'skipped' });
  } else {
    const version = listed?.versionId === undefined ? {} : { versionId: listed.versionId };
    await attempt('read', async () => compare(await bucket.read(key, { signal, ...version }), { key, content }));
    await attempt('delete', async () => {
      await bucket.delete(key, { signal, ...version });
      await refuseStaying(bucket, { key, signal });
    });
  }
  return {
    location: `${bucket.location}/${folder}`.replace(/\/$/, ''),
    probe: key,
    steps,
    clockSkewMs:
      written === undefined || written.modifiedAt === 0 ? undefined : skew(written.modifiedAt, { sent, answered }),
    versioned: listed === undefined ? undefined : listed.versionId !== undefined,
    immutableUntil: listed?.immutableUntil,
    containerMade: !isThere && written !== undefined,
    doubts: [...doubts],
  };
}

/** Whether a refusal to delete is what a lock does: services say it in many ways, and a listing may know of the lock. */
function isLocked(
  error: unknown,
  { until, now }: { readonly until: number | undefined; readonly now: number },
): error is StoreError {
  return (
    error instanceof StoreError &&
    (error.kind === 'immutable' ||
      ((error.kind === 'denied' || error.kind === 'invalid') && until !== undefined && until > now))
  );
}

function tooLate(object: string, cause: unknown): StoreError {
  const found = `no answer came within ${lateListingMs / 1_000} s`;
  return new StoreError('transient', { action: 'list', object, found, cause });
}

async function* once(content: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield content;
}

/** The right that a request of an adapter needs, by its action, where it differs from that of its step. */
const RIGHTS: Readonly<Record<string, CheckStep>> = {
  list: 'list',
  verify: 'read',
  'look at': 'read',
  delete: 'delete',
};

/**
 * The failed steps, each by its cause: an upload that fails because its object may not be looked at counts as a failed read.
 */
export function missingSteps({ steps }: Pick<StoreCheck, 'steps'>): readonly CheckStep[] {
  const causes = steps.flatMap((result): readonly CheckStep[] => {
    if (result.outcome !== 'failed') {
      return [];
    }
    const { step, error } = result;
    const refused = error instanceof StoreError && error.kind === 'denied';
    return [(refused ? RIGHTS[error.action] : undefined) ?? step];
  });
  return checkSteps.filter((step) => causes.includes(step));
}

/** The probe as it is listed; undefined when it is not. Throws when it was written and is listed with another size, or not at all. */
async function find(
  listing: AsyncIterable<ObjectEntry>,
  { key, expected }: { readonly key: string; readonly expected: ObjectEntry | undefined },
): Promise<ObjectEntry | undefined> {
  let found: ObjectEntry | undefined;
  for await (const entry of listing) {
    found = entry.key === key ? entry : found;
  }
  if (expected !== undefined && found?.size !== expected.size) {
    const shown = found === undefined ? 'is not listed' : `is listed with ${found.size} bytes`;
    throw new StoreError('invalid', {
      action: 'list',
      object: key,
      found: `what was written a moment ago ${shown}`,
    });
  }
  return found;
}

/** Throws when an object is there after its deletion was answered with success. A listing alone may be older than the deletion. */
async function refuseStaying(
  bucket: Pick<OpenBucket['bucket'], 'list' | 'read'>,
  { key, signal }: { readonly key: string; readonly signal: AbortSignal },
): Promise<void> {
  try {
    if ((await find(bucket.list(key, { signal }), { key, expected: undefined })) === undefined) {
      return;
    }
    (await bucket.read(key, { signal })).destroy();
  } catch {
    // It is gone, or cannot be looked at: the steps before have said the latter.
    signal.throwIfAborted();
    return;
  }
  throw stayedError('invalid', key);
}

async function compare(
  body: Readable,
  { key, content }: { readonly key: string; readonly content: Buffer },
): Promise<void> {
  const read = Buffer.concat(await body.toArray());
  if (!read.equals(content)) {
    throw new StoreError('invalid', { action: 'read', object: key, found: 'other bytes came back than were written' });
  }
}

/** Zero when the store's time is between request and answer, to the second: stores count in seconds. */
function skew(stored: number, { sent, answered }: { readonly sent: number; readonly answered: number }): number {
  const second = 1000;
  if (stored < sent - second) {
    return stored - sent;
  }
  return stored > answered + second ? stored - answered : 0;
}

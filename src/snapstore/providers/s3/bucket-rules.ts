import { GetBucketVersioningCommand, GetObjectLockConfigurationCommand } from '@aws-sdk/client-s3';
import type { StoreTask } from '../../http/store-requests.ts';
import { StoreError } from '../../store-error.ts';
import type { DefaultRetention } from './default-retention.ts';
import { isForeign } from './s3-error.ts';
import type { S3Place } from './s3-place.ts';
import type { Versioning } from './versioning.ts';

const DAY = 24 * 60 * 60 * 1000;

/** How long what is known of a bucket is used before it is asked again, ms. */
const latelyMs = 10_000;

/** Asks whether the bucket keeps versions. */
export async function versioningOf(place: S3Place, signal: AbortSignal): Promise<Versioning> {
  const { client, requests, bucket } = place;
  try {
    const answer = await requests.run(taskOf('look at the versioning of', place.location, signal), (abortSignal) =>
      client.send(new GetBucketVersioningCommand({ Bucket: bucket }), { abortSignal }),
    );
    return String(answer.Status).toLowerCase() === 'enabled' ? 'on' : 'off';
  } catch (error) {
    return refusalOf(error) === 'denied' ? 'hidden' : 'unknown to the service';
  }
}

/** The same for callers that list many prefixes one after the other: it is asked once in a while. */
export function versioningLately(place: S3Place, signal: AbortSignal): Promise<Versioning> {
  const { lately, requests } = place;
  const now = requests.clock.monotonic();
  if (lately.versioning === undefined || now >= lately.versioning.until) {
    const value = versioningOf(place, signal);
    lately.versioning = { value, until: now + latelyMs };
    // A failure reaches those that wait for it, and not later callers.
    value.catch(() => {
      delete lately.versioning;
    });
  }
  return lately.versioning.value;
}

/** Asks for the lock of a bucket that keeps versions; one without a lock answers that there is no configuration. */
export async function defaultRetention(place: S3Place, signal: AbortSignal): Promise<DefaultRetention> {
  const { client, requests, bucket } = place;
  try {
    const { ObjectLockConfiguration: lock } = await requests.run(
      taskOf('look at the object lock of', place.location, signal),
      (abortSignal) => client.send(new GetObjectLockConfigurationCommand({ Bucket: bucket }), { abortSignal }),
    );
    const { Days: days = 0, Years: years = 0 } = lock?.Rule?.DefaultRetention ?? {};
    return { known: true, ms: days + years === 0 ? undefined : (days + years * 365) * DAY };
  } catch (error) {
    return refusalOf(error) === 'denied' ? { known: false } : { known: true, ms: undefined };
  }
}

/**
 * What the refusal of a request means that not every account may make, and not every service knows: `denied`, or `none` where
 * the service knows nothing of the kind. Throws what is no such refusal.
 */
export function refusalOf(error: unknown): 'denied' | 'none' {
  if (error instanceof StoreError) {
    if (error.kind === 'denied') {
      return 'denied';
    }
    if ((error.kind === 'invalid' || error.kind === 'not_found') && !isForeign(error)) {
      return 'none';
    }
  }
  throw error;
}

/** A task that may be repeated. */
export function taskOf(action: string, object: string, signal: AbortSignal): StoreTask {
  return { action, object, signal, retry: 'safe' };
}

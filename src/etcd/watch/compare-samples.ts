import { status } from '@grpc/grpc-js';
import type { IRangeRequest } from 'etcd3';
import { revision } from '../../revision.ts';
import type { PutEvent } from '../../snapshot/delta-event.ts';
import { compareNow, compareThen, type EventSample } from '../../snapshot/history/event-sample.ts';
import type { ProofVerdict } from '../../snapshot/history/revision-proof.ts';
import type { MemberWork } from '../connection/member-pool.ts';
import { rangeRpc } from '../rpc/rpc.ts';
import { explainRpcError, isServiceError, isTokenRefused } from '../rpc/rpc-error.ts';

/**
 * The first of some samples of a history that a member shows otherwise; undefined when it shows none. Asks for one key each, as it
 * was, and as it is where that is compacted away. What a member does not tell proves nothing.
 */
export function differingSample(samples: readonly EventSample[]): MemberWork<EventSample | undefined> {
  return async (member, bounds) => {
    const ask = async (sample: EventSample, more: IRangeRequest): Promise<PutEvent | undefined> => {
      const request = { key: Buffer.from(sample.key), serializable: true, ...more };
      const { kvs } = await member.unary(rangeRpc, request, bounds);
      const [found] = kvs;
      return found === undefined
        ? undefined
        : {
            type: 'put',
            key: sample.key,
            value: found.value,
            modRevision: revision(Number(found.mod_revision)),
            createRevision: revision(Number(found.create_revision)),
            version: Number(found.version),
            lease: BigInt(found.lease),
          };
    };
    const verdictOf = async (sample: EventSample): Promise<ProofVerdict> => {
      try {
        return compareThen(sample, await ask(sample, { revision: String(sample.revision) }));
      } catch (error) {
        if (!isCompacted(error)) {
          throw error;
        }
        return compareNow(sample, await ask(sample, {}));
      }
    };
    for (const sample of samples) {
      try {
        if ((await verdictOf(sample)) === 'different') {
          return sample;
        }
      } catch (error) {
        if (!isRefusal(error)) {
          throw error;
        }
      }
    }
    return undefined;
  };
}

function isCompacted(error: unknown): boolean {
  return isServiceError(error) && error.code === status.OUT_OF_RANGE && /compacted/.test(error.details);
}

/** An answer that another try would not change: a right that is missing, a call that is not known, a member that lags. */
function isRefusal(error: unknown): boolean {
  if (!isServiceError(error) || isTokenRefused(error)) {
    return false;
  }
  const { code } = explainRpcError(error);
  return code !== 'etcd_unreachable' && code !== 'etcd_timeout';
}

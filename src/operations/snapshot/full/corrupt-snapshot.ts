import { Failure } from '../../../runtime/failure.ts';

/** The failure of a database that `location` sent, and that is not sound. */
export function corruptSnapshot(location: string, found: string, cause?: unknown): Failure {
  return new Failure({
    code: 'snapshot_corrupt',
    action: 'save the snapshot of',
    object: location,
    found,
    remedy: 'nothing was stored; take it from another member, and check this one (etcdctl endpoint hashkv, disk)',
    cause,
  });
}

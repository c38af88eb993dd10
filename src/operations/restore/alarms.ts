import type { Database } from '../../datadir/bbolt/database.ts';
import { type AlarmRecord, alarmText, readAlarmRecords } from '../../datadir/mvcc/alarm-records.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { Identity } from './cluster-identity.ts';

/**
 * The identity without the alarms of members that its cluster does not have: they could not be disarmed, and etcd would obey them all the
 * same. Those that are left are warned of.
 */
export async function withoutForeignAlarms(
  identity: Identity,
  base: Database,
  { log, signal }: Pick<RunContext, 'log' | 'signal'>,
): Promise<Identity> {
  const alarms = await readAlarmRecords(base, { signal });
  const members = identity.members === undefined ? undefined : new Set(identity.members.map(({ id }) => id));
  const isKept = ({ memberId }: AlarmRecord): boolean => members === undefined || members.has(memberId);
  const kept = alarms.filter(isKept);
  const left = alarms.filter((alarm) => !isKept(alarm));
  if (kept.length > 0) {
    log.warn(
      { alarms: kept.map(alarmText) },
      `The backup holds ${alarmsText(kept)}: etcd takes no writes until it is disarmed (etcdctl alarm disarm), after room was made`,
    );
  }
  if (left.length === 0) {
    return identity;
  }
  log.info(
    { alarms: left.map(alarmText) },
    `Left out ${alarmsText(left)}: that is no member of the cluster that is restored`,
  );
  const entries = kept.map(({ key }) => ({ key, value: new Uint8Array(0) }));
  return { ...identity, bucketEntries: new Map([...identity.bucketEntries, ['alarm', entries]]) };
}

function alarmsText(alarms: readonly AlarmRecord[]): string {
  return `the alarm ${alarms.map(alarmText).join(', ')}`;
}

import { foreignText } from '../../runtime/log/cut-text.ts';
import type { ClusterAlarm } from '../cluster.ts';

/**
 * The alarms among the errors in the status of a member, each the text form of an etcdserverpb.AlarmMember:
 * `memberID:9372538179322589801 alarm:NOSPACE`. The call that etcd has for alarms goes through raft: it needs a quorum
 * and moves the raft index each time.
 */
export function readAlarms(errors: readonly string[]): readonly ClusterAlarm[] {
  return errors.map(foreignText).flatMap((text) => {
    const alarm = /\balarm:\s*(NOSPACE|CORRUPT)\b/.exec(text)?.[1];
    const member = /\bmemberID:\s*(\d+)/.exec(text)?.[1];
    return alarm === 'NOSPACE' || alarm === 'CORRUPT' ? [{ alarm, memberId: BigInt(member ?? 0) }] : [];
  });
}

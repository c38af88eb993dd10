import type { ClusterAlarm } from '../cluster.ts';

/**
 * The alarms among the errors that a member's status carries, each the text form of an etcdserverpb.AlarmMember:
 * `memberID:9372538179322589801 alarm:NOSPACE`. They are read from there because the call for alarms goes through
 * raft: it needs a quorum, and each one moves the raft index.
 */
export function readAlarms(errors: readonly string[]): readonly ClusterAlarm[] {
  return errors.flatMap((text) => {
    const alarm = /\balarm:\s*(NOSPACE|CORRUPT)\b/.exec(text)?.[1];
    const member = /\bmemberID:\s*(\d+)/.exec(text)?.[1];
    return alarm === 'NOSPACE' || alarm === 'CORRUPT' ? [{ alarm, memberId: BigInt(member ?? 0) }] : [];
  });
}

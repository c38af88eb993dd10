import type { FullFacts } from '../../snapshot/key-index/facts.ts';

/** Where a full comes from, in a line without a full stop. */
export function factsText({
  clusterId,
  memberId,
  etcdVersion,
  raftTerm,
  raftIndex,
  takenAt,
  writtenBy,
}: FullFacts): string {
  const parts = [
    ...(takenAt === undefined ? [] : [`taken at ${takenAt}`]),
    ...(memberId === undefined ? [] : [`from member ${memberId}`]),
    ...(clusterId === undefined ? [] : [`of cluster ${clusterId}`]),
    ...(etcdVersion === undefined ? [] : [`etcd ${etcdVersion}`]),
    ...(raftIndex === undefined
      ? []
      : [`raft index ${raftIndex}${raftTerm === undefined ? '' : ` in term ${raftTerm}`}`]),
    `etcdbrctl ${writtenBy}`,
  ];
  return parts.join(', ');
}

/** The same as data; what is not known is left out. */
export function factsData(facts: FullFacts): Readonly<Record<string, unknown>> {
  const { lastRevision: _, pageSize: __, ...shown } = facts;
  return shown;
}

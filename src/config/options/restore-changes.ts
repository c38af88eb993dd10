import { optionGroup } from '../option.ts';

/** How the restored state may differ from the one that was backed up. */
export const restoreChangesOptions = optionGroup({
  title: 'Changes to the restored state',
  options: {
    bumpRevision: {
      flag: 'bump-revision',
      type: 'int',
      default: 0,
      min: 0,
      none: 0,
      placeholder: 'count',
      help:
        'Raise the restored revision by this much, so that clients that had seen later ones (Kubernetes watches and ' +
        'informers) do not believe that time ran backwards. Needs --mark-compacted.',
    },
    markCompacted: {
      flag: 'mark-compacted',
      type: 'bool',
      default: false,
      help: 'Mark the raised revision as compacted, so that watches from before it end and begin anew. Needs --bump-revision.',
    },
    unknownLeases: {
      flag: 'unknown-lease-ttl',
      type: 'string',
      default: '1h0m0s',
      rule: 'lease ttl',
      placeholder: 'duration',
      help:
        'Time to live for leases that were granted after the full snapshot, if their own is not recorded: deltas of ' +
        'etcd-backup-restore hold only their ids. With strip the keys lose those leases and never expire.',
    },
  },
  check(values) {
    if (values.bumpRevision !== undefined && !values.markCompacted) {
      return {
        option: 'bumpRevision',
        found: '--mark-compacted is missing, without which old watches would never notice',
        remedy: 'give both or none',
      };
    }
    return values.bumpRevision === undefined && values.markCompacted
      ? { option: 'markCompacted', found: '--bump-revision is missing', remedy: 'give both or none' }
      : undefined;
  },
});

import { optionGroup } from '../option.ts';

const snapshotLeases = {
  enabled: {
    flag: 'enable-snapshot-lease-renewal',
    rare: true,
    type: 'bool',
    default: false,
    help: 'Write the last revisions of the backup to two Kubernetes leases.',
    fileKeys: ['healthConfig.snapshotLeaseRenewalEnabled'],
  },
  fullName: {
    flag: 'full-snapshot-lease-name',
    rare: true,
    type: 'string',
    default: 'full-snapshot-revisions',
    placeholder: 'name',
    help: 'Lease that holds the revision of the last full snapshot.',
    fileKeys: ['healthConfig.fullSnapshotLeaseName'],
  },
  deltaName: {
    flag: 'delta-snapshot-lease-name',
    rare: true,
    type: 'string',
    default: 'delta-snapshot-revisions',
    placeholder: 'name',
    help: 'Lease that holds the revision of the last delta.',
    fileKeys: ['healthConfig.deltaSnapshotLeaseName'],
  },
} as const;

/** Kubernetes leases that hold the last revisions of the backup. */
export const snapshotLeaseOptions = optionGroup({
  title: 'Kubernetes leases',
  options: snapshotLeases,
  check(values) {
    if (!values.enabled) {
      return undefined;
    }
    const option = values.fullName === '' ? 'fullName' : values.deltaName === '' ? 'deltaName' : undefined;
    return option === undefined
      ? undefined
      : {
          option,
          found: 'it is empty while --enable-snapshot-lease-renewal is set',
          remedy: 'give the name of a lease',
        };
  },
});

/** The Kubernetes lease of the etcd member next to the server. */
export const memberLeaseOptions = optionGroup({
  title: 'Kubernetes member lease',
  options: {
    enabled: {
      flag: 'enable-member-lease-renewal',
      type: 'bool',
      default: false,
      help: 'Renew a Kubernetes lease named after the etcd member while it answers.',
      fileKeys: ['healthConfig.memberLeaseRenewalEnabled'],
    },
    heartbeatMs: {
      flag: 'k8s-heartbeat-duration',
      type: 'duration',
      default: '30s',
      above: 0,
      help: 'How often the lease of --enable-member-lease-renewal is renewed.',
      fileKeys: ['healthConfig.heartbeatDuration'],
    },
  },
});

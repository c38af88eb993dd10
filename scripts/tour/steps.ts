/** One command of the tour. */
export interface TourStep {
  /** What a reader is told before it. */
  readonly says: string;
  /** As it is typed; several lines are several commands. */
  readonly types: string;
  /** False for a step that is run and not shown in the picture. */
  readonly inPicture?: false;
}

const store = '--store-container /backup';

/** The tour of README.md: a backup, a mistake, a disaster, and the way out of both. */
export const tourSteps: readonly TourStep[] = [
  {
    says: 'Is the store fit for backups? Here it is a directory; a bucket is tried in the same way.',
    types: `etcdbrctl check-store --storage-provider Local ${store}`,
    inPicture: false,
  },
  {
    says: 'Back up a running etcd: a full at once and every hour, each change a second later. It goes on until it is stopped.',
    types: `etcdbrctl snapshot ${store} --delta-snapshot-period 1s &`,
  },
  {
    says: 'Somebody works, and makes a mistake.',
    types:
      'etcdctl put /registry/configmaps/shop/settings "price: 7"\netcdctl put /registry/configmaps/shop/settings "price: 9"\netcdctl del /registry/configmaps/shop/settings',
  },
  {
    says: 'What is in the store? Every moment since the first full.',
    types: `etcdbrctl list ${store}`,
  },
  {
    says: 'Who has seen the settings?',
    types: `etcdbrctl history ${store} /registry/configmaps/shop/settings`,
  },
  {
    says: 'Bring back what was deleted; the cluster goes on meanwhile.',
    types: `etcdbrctl undelete ${store} --before-revision 4 /registry/configmaps/shop/ --yes`,
  },
  {
    says: 'Now everything is lost.',
    types: 'systemctl stop etcd\nrm -r /var/lib/etcd',
  },
  {
    says: 'Build a data directory from the backup. No etcd is needed for it.',
    types: `etcdbrctl restore ${store} --data-dir /var/lib/etcd`,
  },
  {
    says: 'etcd starts on it, with every revision as it was.',
    types: 'systemctl start etcd\netcdctl get /registry/configmaps/shop/settings',
  },
];

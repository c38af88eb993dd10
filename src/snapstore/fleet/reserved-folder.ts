/** The folder, below the prefix of a fleet, of what is known of the fleet as a whole. No backups are looked for in it. */
export const reservedFolder = 'etcdbrctl-fleet/';

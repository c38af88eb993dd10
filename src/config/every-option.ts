import { type OptionGroups, placedOptions } from './command-spec.ts';
import type { OptionSpec } from './option.ts';
import * as apply from './options/apply.ts';
import * as compaction from './options/compaction.ts';
import * as configFile from './options/config-file.ts';
import * as copy from './options/copy.ts';
import * as etcdConnection from './options/etcd-connection.ts';
import * as exporting from './options/export.ts';
import * as fleet from './options/fleet.ts';
import * as kubernetes from './options/kubernetes.ts';
import * as leases from './options/leases.ts';
import * as list from './options/list.ts';
import * as logging from './options/logging.ts';
import * as lookup from './options/lookup.ts';
import * as restoration from './options/restoration.ts';
import * as restoreChanges from './options/restore-changes.ts';
import * as restoreTarget from './options/restore-target.ts';
import * as server from './options/server.ts';
import * as snapshotter from './options/snapshotter.ts';
import * as status from './options/status.ts';
import * as store from './options/store.ts';
import * as verify from './options/verify.ts';

const { parseShard: _, ...fleetGroups } = fleet;
const { scheduledBackupGroups, ...ownGroups } = snapshotter;

const groups: OptionGroups = {
  ...apply,
  ...compaction,
  ...configFile,
  ...copy,
  ...etcdConnection,
  ...exporting,
  ...fleetGroups,
  ...kubernetes,
  ...leases,
  ...list,
  ...logging,
  ...lookup,
  ...restoration,
  ...restoreChanges,
  ...restoreTarget,
  ...server,
  ...ownGroups,
  ...scheduledBackupGroups,
  ...status,
  ...store,
  ...verify,
};

/** The options of all commands: variables and configuration files are shared by them, and each command uses its own. */
export function everyOption(): readonly OptionSpec[] {
  return placedOptions({ name: '', description: '', examples: [], groups }).map(({ spec }) => spec);
}

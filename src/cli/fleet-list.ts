import { fleetOutputOptions, sharedFleetOptions } from '../config/options/fleet.ts';
import { loggingOptions } from '../config/options/logging.ts';
import { storeOptions } from '../config/options/store.ts';
import { command } from './command.ts';

/** `etcdbrctl fleet list`. */
export const fleetListCommand = command({
  name: 'fleet list',
  description:
    'Finds every prefix with backups in a container and shows for each the newest revision that can be restored and its age, the ' +
    'length and size of its chain, what is missing, how it grows, and its last verification. Only names are read. The exit code is 1 when a ' +
    'cluster needs attention.',
  examples: [
    {
      does: 'All clusters of a bucket; none may be older than a day:',
      command: 'etcdbrctl fleet list --max-age 24h --storage-provider S3 --store-container etcd-backup',
    },
    {
      does: 'Some of them, for a script:',
      command:
        "etcdbrctl fleet list --prefix-glob 'prod-*' -o json --storage-provider S3 --store-container etcd-backup",
    },
  ],
  groups: { fleet: sharedFleetOptions, store: storeOptions, output: fleetOutputOptions, logging: loggingOptions },
  async run({ config, pod, context, print }) {
    const { openFleet } = await import('./open-fleet.ts');
    const { listFleet } = await import('../operations/fleet/list-fleet.ts');
    const { printFleet } = await import('./print-fleet.ts');
    const { FleetOutput } = await import('./fleet-output.ts');
    const output = await FleetOutput.open(config.output);
    await using fleet = await openFleet(config, pod, context);
    await printFleet(await listFleet(fleet.request, context), output, { print, needsShards: false });
  },
});

import { fleetOptions, fleetOutputOptions } from '../config/options/fleet.ts';
import { loggingOptions } from '../config/options/logging.ts';
import { storeOptions } from '../config/options/store.ts';
import { command } from './command.ts';

/** `etcdbrctl fleet report`. */
export const fleetReportCommand = command({
  name: 'fleet report',
  description:
    'Lists the clusters of a container as fleet list does, and puts the results that the shards of fleet verify wrote together: ' +
    'what was proved of each cluster and when. Says which shards of the last verification are missing; then, and when a cluster ' +
    'needs attention, the exit code is 1.',
  examples: [
    {
      does: 'A page for people and metrics for Prometheus:',
      command:
        'etcdbrctl fleet report --require-proof 48h --html-file /var/www/fleet.html --prometheus-file /var/lib/node_exporter/fleet.prom --storage-provider S3 --store-container etcd-backup',
    },
  ],
  groups: { fleet: fleetOptions, store: storeOptions, output: fleetOutputOptions, logging: loggingOptions },
  async run({ config, context, print }) {
    const { openFleetBucket } = await import('./open-store.ts');
    const { fleetRequest } = await import('./fleet-request.ts');
    const { listFleet } = await import('../operations/fleet/list-fleet.ts');
    const { printFleet } = await import('./print-fleet.ts');
    const { FleetOutput } = await import('./fleet-output.ts');
    const { releaseExecutablePages } = await import('../runtime/memory/resident-executable.ts');
    const output = await FleetOutput.open(config.output);
    const store = await openFleetBucket(config.store, context);
    await using _bucket = store.bucket;
    // Pages of the executable that only the start needed are released: thousands of clusters need the memory.
    await releaseExecutablePages();
    const request = fleetRequest({ store, options: config.fleet, prefix: config.store.prefix, shard: undefined });
    await printFleet(await listFleet(request, context), output, { print, needsShards: true });
  },
});

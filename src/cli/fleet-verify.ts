import { identityOptions } from '../config/options/encryption.ts';
import { fleetOutputOptions, fleetVerifyOptions, sharedFleetOptions } from '../config/options/fleet.ts';
import { loggingOptions } from '../config/options/logging.ts';
import { storeOptions } from '../config/options/store.ts';
import { command } from './command.ts';

/** `etcdbrctl fleet verify`. */
export const fleetVerifyCommand = command({
  name: 'fleet verify',
  description:
    'Verifies every cluster of a container, or a share of them, as verify does with one, and writes what was proved into the ' +
    'store, complete or not at all. A cluster that is damaged or cannot be read hides no other. The exit code is 1 when a cluster ' +
    'needs attention.',
  examples: [
    {
      does: 'Restore the newest state of each cluster into scratch space:',
      command: 'etcdbrctl fleet verify --level restore --sample 1 --storage-provider S3 --store-container etcd-backup',
    },
    {
      does: 'The first of ten shares, as in an indexed job:',
      command: 'etcdbrctl fleet verify --shard 0/10 --storage-provider S3 --store-container etcd-backup',
    },
  ],
  groups: {
    fleet: sharedFleetOptions,
    verify: fleetVerifyOptions,
    store: storeOptions,
    identity: identityOptions,
    output: fleetOutputOptions,
    logging: loggingOptions,
  },
  async run({ config, pod, context, print }) {
    const { openFleet } = await import('./open-fleet.ts');
    const { identitiesOf } = await import('./encryption-keys.ts');
    const { verifyFleet } = await import('../operations/fleet/verify-fleet.ts');
    const { printFleet } = await import('./print-fleet.ts');
    const { FleetOutput } = await import('./fleet-output.ts');
    const output = await FleetOutput.open(config.output);
    await using fleet = await openFleet(config, pod, context);
    const identities = await identitiesOf(config.identity, context);
    const report = await verifyFleet({ ...fleet.request, ...config.verify, identities }, context);
    await printFleet(report, output, { print, needsShards: false });
  },
});

import { identityOptions } from '../config/options/encryption.ts';
import { loggingOptions, reportOptions } from '../config/options/logging.ts';
import { pruneOptions, retentionRules } from '../config/options/snapshotter.ts';
import { storeOptions } from '../config/options/store.ts';
import { command } from './command.ts';
import { formatReport } from './output/report.ts';
import { refuseIncompletePrune } from './refuse-incomplete-prune.ts';
import { retentionRulesOf, warnOfUnusedRetention } from './retention-rules.ts';

/** `etcdbrctl prune`. */
export const pruneCommand = command({
  name: 'prune',
  description:
    'Runs garbage collection once, by the rules that a running snapshotter follows: shows for each object in the store ' +
    'whether it is kept, and why. Nothing is deleted without --yes, and then only after the newest full was read and found ' +
    'sound; one that is encrypted is opened with --identity, else its length is checked. The newest chain is always kept whole.',
  examples: [
    {
      does: 'What would be deleted:',
      command: 'etcdbrctl prune --storage-provider Local --store-container /backup',
    },
    {
      does: 'Keep the newest three fulls and delete the rest:',
      command:
        'etcdbrctl prune --yes --garbage-collection-policy LimitBased --max-backups 3 --storage-provider S3 ' +
        '--store-container etcd-backup',
    },
  ],
  groups: {
    prune: pruneOptions,
    retention: retentionRules,
    store: storeOptions,
    identity: identityOptions,
    output: reportOptions,
    logging: loggingOptions,
  },
  async run({ config, given, context, print }) {
    warnOfUnusedRetention(config.retention, given, context);
    const { openMovedStore, openReadStore } = await import('./open-store.ts');
    const { carryOut } = await import('../operations/prune/prune.ts');
    const { planPrune } = await import('../operations/prune/plan-prune.ts');
    const { NOTHING_STORED, removeMarkers } = await import('../operations/prune/outdated-markers.ts');
    const { findAbandonedUploads, removeAbandonedUploads } = await import('../operations/prune/abandoned-uploads.ts');
    const { pruneReport } = await import('./output/prune.ts');
    const encrypted = config.identity.identityFiles.length > 0 ? 'opened' : 'as stored';
    await using store = await (encrypted === 'opened'
      ? openReadStore(config.store, config.identity, context)
      : openMovedStore(config.store, context));
    const rules = retentionRulesOf(config.retention);
    const proof = config.prune.yes ? ({ tempDir: config.store.tempDir, encrypted } as const) : 'names';
    const plan = await planPrune({ store, rules, proof }, context);
    const uploads = await findAbandonedUploads(store, context);
    const { unread, outdatedDoubts } = plan;
    const style = { location: store.location, now: context.clock.now(), unread, uploads, outdatedDoubts };
    if (!config.prune.yes) {
      await print(await formatReport(pruneReport(plan.decisions, style), config.output.format));
      return;
    }
    const results = await carryOut(plan.decisions, { store }, context);
    const removedMarkers = await removeMarkers(outdatedDoubts, { store, why: NOTHING_STORED }, context);
    const removedUploads = await removeAbandonedUploads(uploads, context);
    await print(
      await formatReport(pruneReport(results, { ...style, removedUploads, removedMarkers }), config.output.format),
    );
    refuseIncompletePrune(results, store.location);
  },
});

import { loggingOptions, reportOptions } from '../config/options/logging.ts';
import { storeOptions } from '../config/options/store.ts';
import type { StepResult } from '../operations/check-store/check-store.ts';
import { Failure } from '../runtime/failure.ts';
import { command } from './command.ts';
import { formatReport } from './output/report.ts';

/** `etcdbrctl check-store`. */
export const checkStoreCommand = command({
  name: 'check-store',
  description:
    'Writes, lists, reads and deletes a small object below the prefix, and reports how long each took, how far the ' +
    "store's clock is from this machine's, and whether objects are kept in versions or locked. Fails when one of them fails.",
  examples: [
    {
      does: 'A bucket with credentials in a directory:',
      command:
        'AWS_APPLICATION_CREDENTIALS=/var/aws etcdbrctl check-store --storage-provider S3 --store-container etcd-backup',
    },
    {
      does: 'For a script:',
      command: 'etcdbrctl check-store --storage-provider Local --store-container /backup -o json',
    },
  ],
  groups: { store: storeOptions, output: reportOptions, logging: loggingOptions },
  async run({ config, context, print }) {
    const { openBucket } = await import('./open-store.ts');
    const { checkStore, missingSteps } = await import('../operations/check-store/check-store.ts');
    const { checkReport } = await import('./output/check-store.ts');
    const opened = await openBucket(config.store, context);
    await using _bucket = opened.bucket;
    const check = await checkStore(opened, config.store.prefix, context);
    await print(await formatReport(checkReport(check), config.output.format));
    const missing = missingSteps(check);
    if (missing.length > 0) {
      throw new Failure({
        code: 'store_check_failed',
        action: 'use the store',
        object: check.location,
        found: `it is not possible to ${missing.join(' and to ')}`,
        remedy: sharedRemedy(check.steps) ?? 'see the reasons above; backups need all of it',
      });
    }
  },
});

/** What to do where one thing mends every step that failed; undefined where they need different ones. */
function sharedRemedy(steps: readonly StepResult[]): string | undefined {
  const remedies = steps.flatMap((step) =>
    step.outcome === 'failed' ? [step.error instanceof Failure ? step.error.remedy : undefined] : [],
  );
  const [first] = remedies;
  return remedies.every((each) => each === first) ? first : undefined;
}

import { checkStoreSpec } from '../config/commands/check-store.ts';
import type { StepResult } from '../ops/store-check.ts';
import { Failure } from '../runtime/failure.ts';
import { command } from './command.ts';
import { formatReport } from './report.ts';

/** `etcdbrctl check-store`. */
export const checkStoreCommand = command(checkStoreSpec, async ({ config, context, print }) => {
  const { openBucket } = await import('./open-store.ts');
  const { checkStore, missingSteps } = await import('../ops/store-check.ts');
  const { checkReport } = await import('./check-store/check-report.ts');
  const opened = await openBucket(config.store, context);
  try {
    const check = await checkStore(opened, config.store.prefix, context);
    print(await formatReport(checkReport(check), config.output.format));
    const missing = missingSteps(check);
    if (missing.length > 0) {
      throw new Failure({
        code: 'store_check_failed',
        action: 'use the store',
        object: check.location,
        found: `it is not possible to ${missing.join(' and to ')}`,
        remedy: 'see the reasons above; backups need all of it',
        cause: check.steps.find(isFailed)?.error,
      });
    }
  } finally {
    await opened.bucket.close();
  }
});

function isFailed(result: StepResult): result is Extract<StepResult, { outcome: 'failed' }> {
  return result.outcome === 'failed';
}

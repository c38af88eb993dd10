import { pruneSpec } from '../config/commands/prune.ts';
import { Failure } from '../runtime/failure.ts';
import { command } from './command.ts';
import { retentionRulesOf } from './prune/retention-rules.ts';
import { formatReport } from './report.ts';

/** `etcdbrctl prune`. */
export const pruneCommand = command(pruneSpec, async ({ config, context, print }) => {
  const { openStore } = await import('./open-store.ts');
  const { carryOut, planCollection } = await import('../ops/garbage-collector.ts');
  const { pruneReport } = await import('./prune/prune-report.ts');
  const store = await openStore(config.store, context);
  try {
    const plan = await planCollection(store, retentionRulesOf(config.retention), context);
    const style = { location: store.location, now: context.clock.now() };
    if (!config.prune.yes) {
      print(await formatReport(pruneReport(plan, style), config.output.format));
      return;
    }
    const results = await carryOut(plan, { store }, context);
    print(await formatReport(pruneReport(results, style), config.output.format));
    const failed = results.filter(({ outcome }) => outcome === 'failed');
    if (failed.length > 0) {
      throw new Failure({
        code: 'prune_incomplete',
        action: 'prune',
        object: store.location,
        found: `${failed.length} of the objects that were to go could not be deleted`,
        remedy: 'see the warnings above, and run it again',
        cause: failed[0]?.error,
      });
    }
  } finally {
    await store.close();
  }
});

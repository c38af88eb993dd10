import { listSpec } from '../config/commands/list.ts';
import { catalogReport } from './catalog/catalog-report.ts';
import { command } from './command.ts';
import { formatReport } from './report.ts';

/** `etcdbrctl list`. */
export const listCommand = command(listSpec, async ({ config, context, print }) => {
  const { openStore } = await import('./open-store.ts');
  const { listBackups } = await import('../ops/backup-catalog.ts');
  const store = await openStore(config.store, context);
  try {
    const catalog = await listBackups(store, context);
    const report = catalogReport(catalog, {
      now: context.clock.now(),
      deltas: config.list.all ? 'all' : 'shortened',
    });
    print(await formatReport(report, config.output.format));
  } finally {
    await store.close();
  }
});

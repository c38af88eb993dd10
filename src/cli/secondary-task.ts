import type { LeaderTask } from '../server/leader-tasks.ts';
import { keepSecondary, type SecondarySyncEvent } from '../server/secondary-sync.ts';
import { openMovedStore, openSecondaryStore } from './open-store.ts';
import { scheduledBackupOf } from './scheduled-backup.ts';
import type { ServerInvocation } from './server-invocation.ts';

/** The task that keeps the second copy, where it is asked for and there is a first one. Both stores are opened in each lead. */
export function secondaryTasksOf(
  { config, given, context }: ServerInvocation,
  listeners: readonly ((event: SecondarySyncEvent) => void)[],
): readonly LeaderTask[] {
  const { syncEnabled, syncPeriodMs, ...options } = config.secondary;
  if (!syncEnabled || config.store.provider === undefined) {
    return [];
  }
  const listener = (event: SecondarySyncEvent): void => {
    for (const listener of listeners) {
      listener(event);
    }
  };
  const { garbageCollection } = scheduledBackupOf(config, given);
  const task: LeaderTask = {
    name: 'keep the secondary store up to date',
    async run(signal) {
      await using primary = await openMovedStore(config.store, context);
      await using secondary = await openSecondaryStore(options, context);
      await keepSecondary(
        { primary, secondary, periodMs: syncPeriodMs, garbageCollection, listener },
        { ...context, signal },
      );
    },
  };
  return [task];
}

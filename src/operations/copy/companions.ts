import { formatBytes } from '../../runtime/log/amount.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { Companion } from '../../snapstore/backups/companion-store.ts';
import { retryTransient, transferRetries } from '../../snapstore/retry-transient.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import { StoreError } from '../../snapstore/store-error.ts';
import { checkCompanion } from '../companion/read-companion.ts';
import type { CopyRoute } from './object.ts';

/** A companion of the source, and what is to be done about it; see {@link PlannedObject}. */
export interface PlannedCompanion {
  readonly companion: Companion;
  readonly action: 'copy' | 'replace' | 'present';
}

/** What became of the companions of a plan. */
export interface CompanionOutcome {
  readonly copied: readonly Companion[];
  readonly present: number;
  readonly failures: readonly { readonly name: string; readonly error: unknown }[];
}

/** The companions of a store, oldest first. */
export async function companionsOf(
  store: SnapStore,
  { signal }: Pick<RunContext, 'signal'>,
): Promise<readonly Companion[]> {
  return (await store.companions?.list({ signal })) ?? [];
}

/** Companions of `fulls`, or all when the limits of the copy leave nothing out. */
export function planCompanions(
  listings: { readonly source: readonly Companion[]; readonly target: readonly Companion[] },
  fulls: readonly Pick<Snapshot, 'lastRevision' | 'createdOn'>[] | 'all',
): readonly PlannedCompanion[] {
  const there = new Map(listings.target.map(({ name, size }) => [name, size]));
  const wanted = fulls === 'all' ? undefined : new Set(fulls.map(belonging));
  return listings.source
    .filter((companion) => wanted === undefined || wanted.has(belonging(companion)))
    .map((companion) => {
      const size = there.get(companion.name);
      const action = size === undefined ? 'copy' : size === companion.size ? 'present' : 'replace';
      return { companion, action };
    });
}

/** What a full and its companion have in common. */
function belonging({ lastRevision, createdOn }: Pick<Snapshot, 'lastRevision' | 'createdOn'>): string {
  return `${lastRevision}-${createdOn}`;
}

/** Copies companions one after the other, each read whole and checked before. What fails does not hold up the others. */
export async function copyCompanions(
  planned: readonly PlannedCompanion[],
  route: CopyRoute,
  context: RunContext,
): Promise<CompanionOutcome> {
  const copied: Companion[] = [];
  const failures: { readonly name: string; readonly error: unknown }[] = [];
  const pending = planned.filter(({ action }) => action !== 'present');
  for (const { companion } of pending) {
    const { name } = companion;
    try {
      await copyCompanion(companion, route, context);
      copied.push(companion);
      context.log.info({ companion: name }, `Copied ${name}, ${formatBytes(companion.size)}`);
    } catch (error) {
      context.signal.throwIfAborted();
      if (error instanceof StoreError && error.kind === 'not_found') {
        context.log.warn({ companion: name }, `${name} was deleted from the source meanwhile; it is left out`);
      } else {
        failures.push({ name, error });
      }
    }
  }
  return { copied, present: planned.length - pending.length, failures };
}

async function copyCompanion(companion: Companion, { source, target }: CopyRoute, context: RunContext): Promise<void> {
  const { signal, clock } = context;
  const { companions: from } = source;
  const { companions: to } = target;
  if (from === undefined || to === undefined) {
    return;
  }
  await checkCompanion(from, companion, context);
  const attempt = async (): Promise<void> => {
    const body = await from.fetch(companion, { signal });
    await to.save(companion, body, { signal, sizeBound: companion.size });
  };
  await retryTransient(attempt, { clock, signal, policy: transferRetries });
}

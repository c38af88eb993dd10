import { formatBytes } from '../../runtime/log/amount.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { checkSealed } from '../../snapshot/encryption/check-sealed.ts';
import { encrypt, encryptedSizeBound } from '../../snapshot/encryption/encrypt.ts';
import { Identities } from '../../snapshot/encryption/identities.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { Companion, CompanionStore } from '../../snapstore/backups/companion-store.ts';
import { decryptedBody } from '../../snapstore/backups/decrypted-body.ts';
import { retryTransient, transferRetries } from '../../snapstore/retry-transient.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import { StoreError } from '../../snapstore/store-error.ts';
import { transferReport } from '../../snapstore/transfer-report.ts';
import { checkCompanion, readAgain } from '../companion/read-companion.ts';
import type { CopyRoute } from './copy-object.ts';
import type { CopyForm } from './plan.ts';

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
  { isEncrypted = false }: CopyForm = {},
): readonly PlannedCompanion[] {
  const there = new Map(listings.target.map(({ name, size }) => [name, size]));
  const wanted = fulls === 'all' ? undefined : new Set(fulls.map(belonging));
  return listings.source
    .filter((companion) => wanted === undefined || wanted.has(belonging(companion)))
    .map((companion) => {
      const sealed = isEncrypted && companion.encryption === undefined ? `${companion.name}.age` : companion.name;
      const size = there.get(sealed);
      const isWhole = isEncrypted || size === companion.size;
      const action = size === undefined ? 'copy' : isWhole ? 'present' : 'replace';
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

async function copyCompanion(
  companion: Companion,
  { source, target, keys }: CopyRoute,
  context: RunContext,
): Promise<void> {
  const { signal, clock } = context;
  const { companions: from } = source;
  const { companions: to } = target;
  if (from === undefined || to === undefined) {
    return;
  }
  const recipients = keys?.recipients;
  const identities = keys?.identities ?? Identities.none;
  const opened: CompanionStore = {
    ...from,
    fetch: (each, options) => decryptedBody(each, () => from.fetch(each, options), identities),
  };
  if (companion.encryption !== undefined && recipients === undefined && identities.count === 0) {
    const read = async () => await checkSealed(await from.fetch(companion, { signal }));
    await readAgain(read, companion, context);
  } else {
    await checkCompanion(opened, companion, context);
  }
  const attempt = async (): Promise<void> => {
    if (recipients === undefined) {
      const body = await from.fetch(companion, { signal });
      await to.save(companion, body, { signal, sizeBound: companion.size });
    } else {
      const sizeBound = encryptedSizeBound(companion.size, recipients);
      const sealed = encrypt(await opened.fetch(companion, { signal }), recipients);
      await to.save({ ...companion, encryption: 'age' }, sealed, { signal, sizeBound });
    }
  };
  const onRetry = transferReport({ log: context.log, name: companion.name }, 'Copying');
  await retryTransient(attempt, { clock, signal, policy: transferRetries, onRetry });
}

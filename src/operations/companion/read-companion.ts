import { Failure } from '../../runtime/failure.ts';
import { limits } from '../../runtime/limits.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { decompress } from '../../snapshot/compression.ts';
import { SnapshotDamage } from '../../snapshot/damage.ts';
import type { Companion, CompanionStore } from '../../snapstore/backups/companion-store.ts';
import { retryTransient, transferRetries } from '../../snapstore/retry-transient.ts';
import { transferReport } from '../../snapstore/transfer-report.ts';
import { ArchiveDamage } from './archive-damage.ts';
import { archiveEntries } from './archive-entries.ts';

type ReadingContext = Pick<RunContext, 'signal' | 'clock' | 'log'>;

/** What is wrong with the bytes of a companion; undefined for an error that is about something else. */
export function companionDamage(error: unknown): string | undefined {
  const damage = error instanceof Failure && error.code === 'companion_damaged' ? error.cause : error;
  return damage instanceof ArchiveDamage || damage instanceof SnapshotDamage ? damage.message : undefined;
}

/**
 * Reads a whole companion and every entry of its archive; gives the number of entries. What seems damaged is read a second time: it may
 * have been damaged on its way only. Throws an {@link ArchiveDamage} or CompressionDamage when it is not whole, and a StoreError.
 */
export async function checkCompanion(
  companions: CompanionStore,
  companion: Companion,
  context: ReadingContext,
): Promise<number> {
  const { signal } = context;
  const attempt = async (): Promise<number> => {
    const stored = await companions.fetch(companion, { signal });
    return await countEntries(bounded(decompress(stored, 'gzip')), signal);
  };
  return await readAgain(attempt, companion, context);
}

/** Runs `attempt`, which reads a companion from its beginning, again after transient errors of the store, and once after damage. */
export async function readAgain<T>(
  attempt: () => Promise<T>,
  { name }: Pick<Companion, 'name'>,
  { signal, clock, log }: ReadingContext,
): Promise<T> {
  const onRetry = transferReport({ log, name }, 'Fetching');
  const read = (): Promise<T> => retryTransient(attempt, { clock, signal, policy: transferRetries, onRetry });
  try {
    return await read();
  } catch (error) {
    if (companionDamage(error) === undefined) {
      throw error;
    }
    return await read();
  }
}

async function countEntries(archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<number> {
  let entries = 0;
  for await (const { contents } of archiveEntries(archive)) {
    for await (const _ of contents) {
      signal.throwIfAborted();
    }
    entries += 1;
  }
  return entries;
}

async function* bounded(expanded: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let size = 0;
  for await (const bytes of expanded) {
    size += bytes.length;
    if (size > limits.companionArchive.most) {
      throw new ArchiveDamage(`it expands to more than ${limits.companionArchive.most} bytes`);
    }
    yield bytes;
  }
}

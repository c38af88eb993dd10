import { readdir, rename } from 'node:fs/promises';
import type { PinnedDirectory } from '../../fs/pinned-directory.ts';
import { privateNames } from '../../fs/private-directory.ts';
import { syncDirectory } from '../../fs/sync.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SeparateWal } from '../restore/separate-wal.ts';
import { removeLeftovers } from '../restore/staging-leftovers.ts';
import { stagingPrefix } from '../restore/staging-prefix.ts';
import { identityOf, keepAside, nameAside, swapMember } from './replace-data-dir.ts';
import { isOldMember } from './replacement-names.ts';

/** Makes whole again what an interrupted run has left. Does nothing when there is nothing. For the holder of the lock only. */
export async function finishReplacement(directory: PinnedDirectory, context: RunContext): Promise<void> {
  const names = await readdir(directory.path);
  const olds = names.filter(isOldMember).toSorted();
  const newestOld = olds.at(-1);
  const hasMember = names.includes('member');
  let remaining = olds;
  if (newestOld !== undefined) {
    await using ready = await stagingWithMember(directory, names);
    if (!hasMember) {
      await rename(ready?.at('member') ?? directory.at(newestOld), directory.at('member'));
      remaining = ready === undefined ? olds.slice(0, -1) : olds;
      await syncDirectory(directory.path);
      context.log.warn(
        { dataDir: directory.name },
        `An earlier replacement of ${directory.name} was interrupted; ${ready === undefined ? newestOld : 'the restored member'} took its place`,
      );
    } else if (ready !== undefined) {
      // Somebody began a new member between steps 2 and 3. What was there before may be wanted.
      context.log.warn(
        { dataDir: directory.name, kept: olds },
        `${directory.name} was used in the middle of a replacement; ${olds.join(', ')} is kept`,
      );
      await removeLeftovers(directory, stagingPrefix(undefined));
      return;
    }
  }
  for (const name of remaining) {
    await keepAside(name, directory, context);
  }
  await removeLeftovers(directory, stagingPrefix(undefined));
}

/**
 * Finishes a replacement that was interrupted after the log was staged in a directory of its own: the member it belongs to is
 * whole, in its place or in the staging directory. A log that no member waits for is dropped. To be called before
 * {@link finishReplacement}.
 */
export async function finishSeparateWal(
  directory: PinnedDirectory | undefined,
  wal: SeparateWal,
  context: RunContext,
): Promise<void> {
  const names = directory === undefined ? [] : await readdir(directory.path);
  await using ready = directory === undefined ? undefined : await stagingWithMember(directory, names);
  if (directory !== undefined && ready !== undefined && (await wal.waitsFor(ready.at('member')))) {
    await swapMember({ directory, wal }, ready.at('member'), context);
  } else if (directory !== undefined && (await wal.waitsFor(directory.at('member')))) {
    await wal.setAside(nameAside(context));
    await wal.publish(directory.at('member'), context);
  } else {
    await wal.discard();
    return;
  }
  context.log.warn(
    { walDir: wal.name },
    `An earlier replacement was interrupted; the log in ${wal.name} is the restored one`,
  );
}

/** A staging directory of an earlier run in which a whole member waits. */
async function stagingWithMember(
  directory: PinnedDirectory,
  names: readonly string[],
): Promise<PinnedDirectory | undefined> {
  for (const { name } of privateNames(names, stagingPrefix(undefined))) {
    const staging = await directory.child(name).catch(() => undefined);
    if (staging !== undefined && (await identityOf(staging.at('member'))) !== undefined) {
      return staging;
    }
    await staging?.[Symbol.asyncDispose]();
  }
  return undefined;
}

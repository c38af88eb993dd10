import path from 'node:path';
import { Database } from '../../datadir/bbolt/database.ts';
import { Damage } from '../../datadir/damage.ts';
import { readLastRevision } from '../../datadir/mvcc/last-revision.ts';
import type { MemberFiles, Structure } from '../../datadir/structure.ts';
import { type Revision, revision } from '../../revision.ts';
import { Failure } from '../../runtime/failure.ts';
import { stillGoing } from '../../runtime/log/still-going.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { DataDirState, ValidationMode } from './data-dir-state.ts';

/** A directory whose structure has been looked at, and what it is held against. */
export interface Validation {
  readonly structure: Structure;
  readonly mode: ValidationMode;
  /** Latest revision of the store; undefined when there is nothing to compare with. */
  readonly storeRevision: Revision | undefined;
}

/**
 * Finds out whether an etcd can start on a data directory and will have everything the store has. The db must not be in use.
 * In mode `full` a torn tail of the log is repaired; nothing else is changed. Rejects when files cannot be read for a
 * reason that is no damage, such as missing permission.
 */
export async function validateDataDir(validation: Validation, context: RunContext): Promise<DataDirState> {
  const { structure } = validation;
  switch (structure.kind) {
    case 'absent':
      return { state: 'absent' };
    case 'invalid':
      return { state: 'invalid_structure', reason: structure.reason };
    case 'without log':
      return await refuseWithoutLog(structure);
    case 'member':
      return await stillGoing(`Checking ${structure.memberDir}`, context, () =>
        validateMember(structure, validation, context),
      );
    default:
      return structure satisfies never;
  }
}

/** A db without its log is invalid when it is damaged; a sound one has its log elsewhere, as etcd's `--wal-dir` says. */
async function refuseWithoutLog({
  db,
  memberDir,
  reason,
}: Extract<Structure, { readonly kind: 'without log' }>): Promise<DataDirState> {
  let inDb: Revision;
  try {
    inDb = await lastRevisionOf(db);
  } catch (error) {
    if (error instanceof Damage) {
      return { state: 'invalid_structure', reason };
    }
    throw error;
  }
  throw new Failure({
    code: 'wal_missing',
    action: 'initialize',
    object: path.dirname(memberDir),
    found: `${reason}, while its db is sound (revision ${inDb})`,
    remedy: `if etcd runs with --wal-dir, give the same here, and mount the volume of the log; if the log is lost, move ${memberDir} away to have it restored. Nothing was changed`,
  });
}

async function validateMember(member: MemberFiles, validation: Validation, context: RunContext): Promise<DataDirState> {
  try {
    const found = await checkRevision(member, validation.storeRevision, context);
    if (found.state === 'valid' && validation.mode === 'full') {
      const { checkFiles } = await import('./check-files.ts');
      await checkFiles(member, context);
    }
    return found;
  } catch (error) {
    if (!(error instanceof Damage)) {
      throw error;
    }
    const ofLog = error.file.endsWith('.snap') || error.file.startsWith(member.walDir);
    return { state: ofLog ? 'wal_corrupt' : 'db_corrupt', reason: error.message };
  }
}

async function checkRevision(
  member: MemberFiles,
  storeRevision: Revision | undefined,
  context: RunContext,
): Promise<DataDirState> {
  const { log } = context;
  const inDb = await lastRevisionOf(member.db);
  if (storeRevision === undefined) {
    return { state: 'valid', revision: inDb };
  }
  log.info('Checking for revision consistency...');
  if (inDb >= storeRevision) {
    return { state: 'valid', revision: inDb };
  }
  log.info(`The db is at revision ${inDb}, the store at ${storeRevision}; reading the write-ahead log after the db...`);
  const { revisionWithLog } = await import('./revision-with-log.ts');
  const current = await revisionWithLog(member.memberDir, {
    walDir: member.walDir,
    enough: storeRevision,
    signal: context.signal,
  });
  if (current >= storeRevision) {
    log.info(`The write-ahead log brings the db to revision ${current}.`);
    return { state: 'valid', revision: current };
  }
  log.info(
    `Etcd revision inconsistent with latest snapshot revision: current etcd revision (${current}) is less than latest snapshot revision (${storeRevision}): possible data loss`,
  );
  return { state: 'behind_store', revision: current, storeRevision };
}

async function lastRevisionOf(db: string): Promise<Revision> {
  await using database = await Database.open(db);
  return revision(await readLastRevision(database));
}

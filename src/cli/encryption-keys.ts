import { stat } from 'node:fs/promises';
import { reasonOf } from '../config/file-reason.ts';
import type { ValuesOf } from '../config/option.ts';
import type { identityOptions, recipientOptions } from '../config/options/encryption.ts';
import { UsageFailure } from '../config/usage-failure.ts';
import { readAtMost } from '../runtime/read-at-most.ts';
import { ReloadedFiles } from '../runtime/reloaded-files.ts';
import type { RunContext } from '../runtime/run-context.ts';
import { Identities, type KeyOpener } from '../snapshot/encryption/identities.ts';
import { EncryptionKeyFault } from '../snapshot/encryption/key-fault.ts';
import { Recipients } from '../snapshot/encryption/recipients.ts';
import { CurrentIdentities } from './current-identities.ts';

type RecipientValues = ValuesOf<(typeof recipientOptions)['options']>;

/** No file of keys is longer, bytes. */
const sizeLimit = 256 * 1024;

/** Bits of a mode that let others read a file. */
const readableByOthers = 0o044;

/**
 * The recipients that new objects are encrypted to; undefined without any. Throws a {@link UsageFailure} that says what is wrong with them
 * and shows nothing of them.
 */
export async function recipientsOf(options: RecipientValues): Promise<Recipients | undefined> {
  return isEncrypted(options) ? await readRecipients(options) : undefined;
}

function isEncrypted({ encryptTo, encryptToFiles }: RecipientValues): boolean {
  return encryptTo.length > 0 || encryptToFiles.length > 0;
}

async function readRecipients({ encryptTo, encryptToFiles }: RecipientValues): Promise<Recipients> {
  for (const text of encryptTo) {
    await refusing(
      {
        flag: '--encrypt-to',
        remedy: 'give a public key as age-keygen prints it; a file is given with --encrypt-to-file',
      },
      () => Recipients.parse([text]),
    );
  }
  const files: string[] = [];
  for (const path of encryptToFiles) {
    const given = { flag: '--encrypt-to-file', path, remedy: 'give a file with a public key of age on each line' };
    const contents = await contentsOf(path, given);
    await refusing(given, () => Recipients.parse([contents]));
    files.push(contents);
  }
  return await Recipients.parse([...encryptTo, ...files]);
}

/**
 * The secret keys that were given. Throws a {@link UsageFailure} that says what is wrong with them and shows nothing of them; warns of files that
 * others may read.
 */
export async function identitiesOf(
  { identityFiles }: ValuesOf<(typeof identityOptions)['options']>,
  { log }: Pick<RunContext, 'log'>,
): Promise<Identities> {
  const files: string[] = [];
  for (const path of identityFiles) {
    const given = { flag: '--identity', path, remedy: 'give a file as age-keygen writes it' };
    const contents = await contentsOf(path, given);
    await refusing(given, () => Identities.parse([contents]));
    files.push(contents);
    const mode = await stat(path).then(
      (facts) => (facts.isFile() ? facts.mode : 0),
      () => 0,
    );
    if ((mode & readableByOthers) !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(4, '0');
      log.warn(`Others can read ${path}, which holds a secret key: its mode is ${shown}; see chmod 600`);
    }
  }
  return files.length === 0 ? Identities.none : await Identities.parse(files);
}

/** The recipients that new objects are encrypted to, for a process that lasts: those in files are read again when these have changed. */
export async function reloadedRecipientsOf(
  options: RecipientValues,
  context: Pick<RunContext, 'clock' | 'log'>,
): Promise<ReloadedFiles<Recipients> | undefined> {
  if (!isEncrypted(options)) {
    return undefined;
  }
  const paths = options.encryptToFiles;
  const what = `The recipients in ${paths.join(', ')}`;
  return await ReloadedFiles.open({ paths, what, read: () => readRecipients(options) }, context);
}

/** The secret keys that were given, read again when an object needs one that was not there before. */
export async function reloadedIdentitiesOf(
  options: ValuesOf<(typeof identityOptions)['options']>,
  context: Pick<RunContext, 'clock' | 'log'>,
): Promise<KeyOpener> {
  const paths = options.identityFiles;
  if (paths.length === 0) {
    return Identities.none;
  }
  const what = `The identities in ${paths.join(', ')}`;
  return new CurrentIdentities(
    await ReloadedFiles.open({ paths, what, read: () => identitiesOf(options, context) }, context),
  );
}

interface GivenKeys {
  readonly flag: string;
  readonly path?: string;
  readonly remedy: string;
}

async function contentsOf(path: string, given: GivenKeys): Promise<string> {
  if (/^(?:AGE-SECRET-KEY-|age1)/i.test(path)) {
    throw failure({ flag: given.flag, remedy: given.remedy }, 'it is a key itself, and the path of a file is expected');
  }
  try {
    return (await readAtMost(path, sizeLimit)).toString('utf8');
  } catch (error) {
    throw failure(given, error instanceof RangeError ? 'it is larger than any file of keys' : reasonOf(error));
  }
}

async function refusing(given: GivenKeys, parse: () => Promise<unknown>): Promise<void> {
  try {
    await parse();
  } catch (error) {
    if (!(error instanceof EncryptionKeyFault)) {
      throw error;
    }
    throw failure(
      given,
      given.path === undefined || error.line === undefined ? error.message : `line ${error.line}: ${error.message}`,
    );
  }
}

function failure({ flag, path, remedy }: GivenKeys, found: string): UsageFailure {
  return new UsageFailure({ action: 'use', object: path === undefined ? flag : `${flag} ${path}`, found, remedy });
}

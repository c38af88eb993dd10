import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { refusalOf } from '../../fs/file-failure.ts';
import { ChangingFile, readAtMost, SilentPipe } from '../../runtime/read-at-most.ts';
import { credentialFailure } from './credential-failure.ts';

/** No file of credentials is longer, bytes; a device in its place would never end. */
const mostBytes = 1024 * 1024;

/** Fields as they were written, before any check. */
export type RawFields = Readonly<Record<string, unknown>>;

/**
 * The text of a file that holds a credential or a JSON of them. Throws `credentials_unreadable`, which calls the file `where`,
 * by default its path.
 */
export async function readCredentialFile(path: string, { where = path } = {}): Promise<string> {
  return await readText(path).catch((error: unknown) => {
    throw unreadable(where, error);
  });
}

/** The text of a file that holds one field, without byte order mark and newlines at its end; undefined when there is no such file. */
export async function readFieldFile(path: string): Promise<string | undefined> {
  try {
    return (await readText(path)).replace(/^\ufeff/, '').replace(/[\r\n]+$/, '');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return undefined;
    }
    throw unreadable(path, error);
  }
}

/** The fields of a JSON file. Throws `credentials_unreadable`, or `credentials_malformed` unless it holds one object. */
export async function readJsonFields(path: string, { where = path } = {}): Promise<RawFields> {
  const text = await readCredentialFile(path, { where });
  let value: unknown;
  try {
    // Editors of Windows put a byte order mark before it.
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    throw credentialFailure('malformed', { where: path, found: 'the file is not valid JSON' });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw credentialFailure('malformed', { where: path, found: 'the file is not a JSON object with fields' });
  }
  return { ...value };
}

/** The path of the directory's first file, by name, that ends in `.json`; undefined when it has none. */
export async function findJsonFile(dir: string): Promise<string | undefined> {
  const names = await readdir(dir).catch((error: unknown) => {
    throw unreadable(dir, error);
  });
  const first = names.filter((name) => name.endsWith('.json')).sort()[0];
  return first === undefined ? undefined : join(dir, first);
}

/** False when nothing is at a path; what cannot be looked at counts as there. */
export async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    (error: unknown) => errorCode(error) !== 'ENOENT',
  );
}

/**
 * Whether a path is a directory or a file. Throws `credentials_unreadable` when it is neither or cannot be looked at, which calls
 * it `where`.
 */
export async function kindOfPath(path: string, where: string): Promise<'directory' | 'file'> {
  const info = await stat(path).catch((error: unknown) => {
    throw unreadable(where, error);
  });
  if (info.isDirectory()) {
    return 'directory';
  }
  if (info.isFile()) {
    return 'file';
  }
  throw credentialFailure('unreadable', { where, found: 'it is neither a file nor a directory' });
}

/**
 * A text that changes whenever one of the files is written, replaced or removed, whatever their times say: `cp -p` and archives keep
 * those. Symbolic links are followed: a secret mounted by Kubernetes is replaced by pointing its `..data` link at new files.
 */
export async function stateOfFiles(paths: readonly string[]): Promise<string> {
  const states = await Promise.all(
    paths.map(async (path) => {
      try {
        const { dev, ino, ctimeNs, mtimeNs, size } = await stat(path, { bigint: true });
        return [dev, ino, ctimeNs, mtimeNs, size].join(':');
      } catch (error) {
        if (errorCode(error) === 'ENOENT') {
          return 'absent';
        }
        throw unreadable(path, error);
      }
    }),
  );
  return paths.map((path, at) => `${path}=${states[at]}`).join('\n');
}

async function readText(path: string): Promise<string> {
  return (await readAtMost(path, mostBytes)).toString('utf8');
}

function unreadable(where: string, error: unknown): Error {
  return credentialFailure('unreadable', {
    where,
    found:
      error instanceof RangeError || error instanceof ChangingFile || error instanceof SilentPipe
        ? error.message
        : (reasons[errorCode(error)] ?? refusalOf(error)?.found ?? 'it cannot be read'),
  });
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'permission to read it is denied',
  EPERM: 'permission to read it is denied',
  EISDIR: 'it is a directory where a file is expected',
  ENOTDIR: 'a part of its path is not a directory',
};

function errorCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

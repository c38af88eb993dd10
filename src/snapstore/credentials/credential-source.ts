import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type * as z from 'zod';
import type { Environment } from '../../runtime/environment.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import { type StoreRole, variablePrefix } from '../store-role.ts';
import { credentialFailure } from './credential-failure.ts';
import { type CredentialSchema, parseFields } from './credential-fields.ts';
import {
  findJsonFile,
  isThere,
  kindOfPath,
  type RawFields,
  readFieldFile,
  readJsonFields,
  stateOfFiles,
} from './credential-file.ts';
import { type CredentialPath, credentialPath } from './credential-path.ts';
import { type StrayField, strayFields } from './stray-fields.ts';

/** Credentials as they were at one moment. */
export interface ReadCredentials<Fields> {
  readonly fields: Fields;
  /** What {@link CredentialSource.state} said while they were read. */
  readonly state: string;
  /** Where each field is a file of its own; undefined for every other form. */
  readonly directory?: string | undefined;
}

/** A place credentials come from, which may be rotated while the program runs. */
export interface CredentialSource<Fields> {
  /** The variable and path it was found by, for messages. */
  readonly location: string;
  /** False when nothing is at any path that its variables give: a secret that was never mounted. */
  isThere(): Promise<boolean>;
  /** Reads and checks all fields. Throws Failures with code `credentials_…`. */
  read(): Promise<ReadCredentials<Fields>>;
  /**
   * Changes when the secret is rotated, see {@link stateOfFiles}; always empty for what cannot change, such as environment variables.
   * Compare it with that of the last {@link ReadCredentials}.
   */
  state(): Promise<string>;
}

/** What the variables of a provider begin with, after the role's prefix. */
export type CredentialStem = 'AWS' | 'AZURE' | 'OPENSTACK' | 'ALICLOUD' | 'OPENSHIFT';

/** Which credentials are looked for, and what they must hold. */
export interface CredentialQuery<Schema extends CredentialSchema> {
  readonly stem: CredentialStem;
  readonly role: StoreRole;
  readonly environment: Environment;
  readonly schema: Schema;
  /** Gets a warning of names that look like misspelt fields. */
  readonly log?: Logger | undefined;
}

/**
 * Finds a provider's credentials. `STEM_APPLICATION_CREDENTIALS_JSON` names a JSON file and wins over
 * `STEM_APPLICATION_CREDENTIALS`, which names a directory with a `*.json` file, a directory with one file per field,
 * or a JSON file. Undefined when neither is set. Reads nothing yet.
 */
export function findCredentials<Schema extends CredentialSchema>(
  query: CredentialQuery<Schema>,
): CredentialSource<z.output<Schema>> | undefined {
  const names = variableNames(query);
  const file = credentialPath(query.environment, names.file);
  if (file !== undefined) {
    const locate = async (): Promise<Form> => {
      await kindOfPath(file.path, file.where);
      return { form: 'json', path: file.path };
    };
    const source = sourceAt(query, { ...file, locate });
    const other = query.environment[names.any] ?? '';
    // Where the other variable leads somewhere, this one is a mistake and no secret that was left out.
    return { ...source, isThere: async () => (await source.isThere()) || (other !== '' && (await isThere(other))) };
  }
  const any = credentialPath(query.environment, names.any);
  if (any !== undefined) {
    return sourceAt(query, { ...any, locate: () => locateForm(any) });
  }
  return undefined;
}

/** Like {@link findCredentials}, for providers that need them: throws `credentials_absent` when nothing is set. */
export function requireCredentials<Schema extends CredentialSchema>(
  query: CredentialQuery<Schema>,
): CredentialSource<z.output<Schema>> {
  const source = findCredentials(query);
  if (source === undefined) {
    const names = variableNames(query);
    throw credentialFailure('absent', {
      where: names.any,
      found: 'the variable is not set',
      remedy: `set it to the directory that holds them, or set ${names.file} to a JSON file`,
    });
  }
  return source;
}

function variableNames({ stem, role }: { readonly stem: CredentialStem; readonly role: StoreRole }): {
  readonly any: string;
  readonly file: string;
} {
  const any = `${variablePrefix(role)}${stem}_APPLICATION_CREDENTIALS`;
  return { any, file: `${any}_JSON` };
}

/** How credentials are written down at a path. */
type Form = { readonly form: 'json'; readonly path: string } | { readonly form: 'fields'; readonly path: string };

async function locateForm({ path, where }: CredentialPath): Promise<Form> {
  if ((await kindOfPath(path, where)) === 'file') {
    return { form: 'json', path };
  }
  const json = await findJsonFile(path);
  return json === undefined ? { form: 'fields', path } : { form: 'json', path: json };
}

function sourceAt<Schema extends CredentialSchema>(
  { schema, log }: CredentialQuery<Schema>,
  place: CredentialPath & { readonly locate: () => Promise<Form> },
): CredentialSource<z.output<Schema>> {
  const names = Object.keys(schema.shape);
  const filesOf = (form: Form): string[] =>
    form.form === 'json' ? [form.path] : names.map((name) => join(form.path, name));

  let warned = '';
  const warnOf = (strays: readonly StrayField[], where: string): void => {
    const text = strays
      .map(({ written, field }) => `"${written}" is none of the fields of credentials; did you mean "${field}"?`)
      .join(' ');
    if (text !== '' && text !== warned) {
      warned = text;
      log?.warn(`In ${where}: ${text}`);
    }
  };
  const readOnce = async (): Promise<Attempt> => {
    const form = await place.locate();
    const before = await stateOfFiles(filesOf(form));
    const raw = form.form === 'json' ? await readJsonFields(form.path) : await readFieldFiles(form.path, names);
    return { form, raw, before, after: await stateOfFiles(filesOf(form)) };
  };

  return {
    location: place.location,
    isThere: () => isThere(place.path),
    read: async () => {
      // A secret may be rotated while its files are read one by one: an old name with a new key is no pair.
      let attempt = await readOnce();
      for (let again = 0; again < 3 && attempt.before !== attempt.after; again++) {
        attempt = await readOnce();
      }
      const { form, raw } = attempt;
      const noun = form.form === 'json' ? 'field' : 'file';
      const written = form.form === 'json' ? Object.keys(raw) : await readdir(form.path).catch(() => []);
      const strays = strayFields(written, { fields: names, raw });
      const fields = parseFields(raw, { schema, where: form.path, noun, strays });
      warnOf(strays, form.path);
      const directory = form.form === 'fields' ? form.path : undefined;
      return { fields, state: attempt.before, directory };
    },
    state: async () => await stateOfFiles(filesOf(await place.locate())),
  };
}

/** One reading of a place, and its state before and after. */
interface Attempt {
  readonly form: Form;
  readonly raw: RawFields;
  readonly before: string;
  readonly after: string;
}

async function readFieldFiles(dir: string, names: readonly string[]): Promise<RawFields> {
  const entries = await Promise.all(names.map(async (name) => [name, await readFieldFile(join(dir, name))] as const));
  return Object.fromEntries(entries);
}

import { createPrivateKey } from 'node:crypto';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { Environment } from '../../runtime/environment.ts';
import { type StoreRole, variablePrefix } from '../store-role.ts';
import { credentialFailure } from './credential-failure.ts';
import { type CredentialSchema, parseFields } from './credential-fields.ts';
import { isThere, kindOfPath, type RawFields, readFieldFile, readJsonFields, stateOfFiles } from './credential-file.ts';
import { credentialPath } from './credential-path.ts';
import type { CredentialSource } from './credential-source.ts';

const projectId = z.string().regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, 'must be the ID of a project');

/** The fields of a service account's key file; all others are refused. */
export const serviceAccount = z.object({
  type: z.literal('service_account'),
  project_id: projectId,
  client_email: z.string(),
  private_key: z.string().refine(isPrivateKey, 'must be a private key in PEM form'),
  private_key_id: z.string().optional(),
  universe_domain: z.string().optional(),
  client_id: z.string().optional(),
  auth_uri: z.string().optional(),
  token_uri: z.string().optional(),
  auth_provider_x509_cert_url: z.string().optional(),
  client_x509_cert_url: z.string().optional(),
});

/** The fields of an external account's file; all others are refused. */
export const externalAccount = z.object({
  type: z.literal('external_account'),
  audience: z.string(),
  universe_domain: z.string(),
  subject_token_type: z.literal('urn:ietf:params:oauth:token-type:jwt', {
    error: 'must be urn:ietf:params:oauth:token-type:jwt',
  }),
  token_url: z.literal('https://sts.googleapis.com/v1/token', { error: 'must be https://sts.googleapis.com/v1/token' }),
  service_account_impersonation_url: z
    .string()
    .regex(
      /^https:\/\/iamcredentials\.googleapis\.com\/v1\/projects\/-\/serviceAccounts\/[^/?#]+:generateAccessToken$/,
      'must be a generateAccessToken URL of iamcredentials.googleapis.com',
    )
    .optional(),
  credential_source: z.object(
    { file: z.string(), format: z.object({ type: z.literal('text') }).strict() },
    { error: 'must name a file of format text' },
  ),
});

/** A service account's key, or an identity of another provider that is exchanged for one of Google. */
export type GoogleIdentity = z.output<typeof serviceAccount> | z.output<typeof externalAccount>;

/** An identity for Google Cloud Storage, and the endpoint written next to it. */
export interface GoogleCredentials {
  readonly identity: GoogleIdentity;
  /** From the old file `storageAPIEndpoint` next to the credentials. */
  readonly storageAPIEndpoint: string | undefined;
}

/**
 * Finds the credentials named by `GOOGLE_APPLICATION_CREDENTIALS`; undefined when it is not set. Fields that are not known are refused: a
 * file that another user may write must not be able to send requests elsewhere.
 */
export function googleCredentials({
  role,
  environment,
}: {
  readonly role: StoreRole;
  readonly environment: Environment;
}): CredentialSource<GoogleCredentials> | undefined {
  const name = googleVariable(role);
  const place = credentialPath(environment, name);
  if (place === undefined) {
    return undefined;
  }
  const { path, where, location } = place;
  const siblingFile = (file: string): string => join(dirname(path), file);
  const files = [path, siblingFile('token'), siblingFile('projectID'), siblingFile('storageAPIEndpoint')];
  return {
    location,
    isThere: () => isThere(path),
    read: async () => {
      await kindOfPath(path, where);
      const state = await stateOfFiles(files);
      const identity = await readIdentity(path);
      return {
        fields: { identity, storageAPIEndpoint: await readFieldFile(siblingFile('storageAPIEndpoint')) },
        state,
      };
    },
    state: () => stateOfFiles(files),
  };
}

/** The variable's name for a role. */
export function googleVariable(role: StoreRole): string {
  return `${variablePrefix(role)}GOOGLE_APPLICATION_CREDENTIALS`;
}

async function readIdentity(path: string): Promise<GoogleIdentity> {
  const raw = await readJsonFields(path);
  switch (raw['type']) {
    case 'service_account':
      return parseStrictly(raw, serviceAccount, path);
    case 'external_account':
      return await readExternalAccount(raw, path);
    default:
      throw credentialFailure('invalid', {
        where: path,
        found: 'field "type" must be service_account or external_account',
      });
  }
}

async function readExternalAccount(raw: RawFields, path: string): Promise<GoogleIdentity> {
  const identity = parseStrictly(raw, externalAccount, path);
  const token = join(dirname(path), 'token');
  if (identity.credential_source.file !== token) {
    throw credentialFailure('invalid', { where: path, found: `field "credential_source" must name the file ${token}` });
  }
  const projectFile = join(dirname(path), 'projectID');
  const project = await readFieldFile(projectFile);
  if (project === undefined) {
    throw credentialFailure('incomplete', { where: projectFile, found: 'the file is missing' });
  }
  if (!projectId.safeParse(project).success) {
    throw credentialFailure('invalid', { where: projectFile, found: 'it must hold the ID of a project' });
  }
  return identity;
}

function parseStrictly<Schema extends CredentialSchema>(
  raw: RawFields,
  schema: Schema,
  where: string,
): z.output<Schema> {
  const foreign = Object.keys(raw).find((name) => !(name in schema.shape));
  if (foreign !== undefined) {
    const shown = /^[a-z_]{1,60}$/i.test(foreign) ? `field "${foreign}"` : 'a field';
    const found = `${shown} is not allowed`;
    throw credentialFailure('invalid', { where, found, remedy: `allowed are ${Object.keys(schema.shape).join(', ')}` });
  }
  return parseFields(raw, { schema, where });
}

function isPrivateKey(text: string): boolean {
  try {
    createPrivateKey(text);
    return true;
  } catch {
    return false;
  }
}

import * as z from 'zod';
import { type Environment, variable } from '../../runtime/environment.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import { parseEndpoint } from '../http/endpoint.ts';
import { type StoreRole, variablePrefix } from '../store-role.ts';
import { credentialFailure } from './credential-failure.ts';
import { parseFields } from './credential-fields.ts';
import type { RawFields } from './credential-file.ts';
import { type CredentialSource, findCredentials } from './credential-source.ts';
import { OptionalCredentials } from './optional-credentials.ts';
import { secretVariable, stateOfSecretVariables } from './secret-variable.ts';

/** How a caller proves to Keystone who it is. */
export type OpenStackIdentity =
  | {
      readonly kind: 'password';
      readonly username: string;
      readonly password: string;
      /** The project. */
      readonly tenantName: string;
      /** The domain of both user and project. */
      readonly domainName: string;
    }
  /** Bound to a project by itself. */
  | { readonly kind: 'application_credential'; readonly id: string; readonly secret: string };

/** A project of an OpenStack cloud, and the right to use it. */
export interface OpenStackCredentials {
  /** Keystone's URL, with or without `/v3`. */
  readonly authURL: string;
  /** The region whose Swift is used; undefined where the catalogue has only one. */
  readonly region: string | undefined;
  readonly identity: OpenStackIdentity;
}

/** Its fields, with what each must be. */
export const openStackSchema = z
  .object({
    authURL: z.string(),
    tenantName: z.string().optional(),
    domainName: z.string().optional(),
    region: z.string().optional(),
    username: z.string().optional(),
    password: z.string().optional(),
    applicationCredentialID: z.string().optional(),
    applicationCredentialName: z.string().optional(),
    applicationCredentialSecret: z.string().optional(),
  })
  .superRefine(oneIdentity);

type Fields = z.output<typeof openStackSchema>;

/** Either user name and password, or an application credential; both, or a part of one, are refused. */
function oneIdentity(fields: RawFields, context: z.RefinementCtx): void {
  const isSet = (name: string): boolean => fields[name] !== undefined;
  const application = ['applicationCredentialID', 'applicationCredentialSecret'];
  const own = ['username', 'password'];
  const needed = application.some(isSet) ? application : [...own, 'tenantName', 'domainName'];
  const excluded = needed === application ? own.filter(isSet) : [];
  for (const name of excluded) {
    context.addIssue({ code: 'custom', path: [name], message: 'excludes an application credential; keep one of both' });
  }
  for (const name of needed.filter((field) => !isSet(field))) {
    context.addIssue({ code: 'custom', path: [name], message: 'is missing' });
  }
}

/**
 * Finds the credentials named by `OPENSTACK_APPLICATION_CREDENTIALS` and its `_JSON` sibling, else takes the `OS_*` variables
 * of OpenStack's own tools; these too where a variable names what does not exist, which is warned of once. Throws `credentials_absent` when there are none of either.
 */
export function openStackCredentials(from: {
  readonly role: StoreRole;
  readonly environment: Environment;
  readonly log: Logger;
}): CredentialSource<OpenStackCredentials> {
  const files = findCredentials({ stem: 'OPENSTACK', schema: openStackSchema, ...from });
  if (files === undefined) {
    return fromVariables(from);
  }
  const variables = prefixOf(from);
  if (variables === undefined) {
    return fromFiles(files, from);
  }
  const log = from.log;
  const without = { variable: files.location, instead: `the variables ${variables}* are used`, log };
  const optional = new OptionalCredentials(fromFiles(files, from), without);
  const others = fromVariables(from);
  return {
    location: files.location,
    isThere: () => Promise.resolve(true),
    state: async () => (await optional.state()) || (await others.state()),
    read: async () => (await optional.read()) ?? (await others.read()),
  };
}

function fromFiles(
  files: CredentialSource<Fields>,
  from: { readonly role: StoreRole; readonly environment: Environment },
): CredentialSource<OpenStackCredentials> {
  const region = variable(from.environment, `${variablePrefix(from.role)}OS_REGION_NAME`);
  return {
    location: files.location,
    isThere: () => files.isThere(),
    state: () => files.state(),
    read: async () => {
      const { fields, state } = await files.read();
      const origin = `the field "authURL" of ${files.location}`;
      return { fields: credentialsOf(fields, { region, origin }), state };
    },
  };
}

/** The variables that may hold a field, the first one that is set wins. */
const namesOf: Readonly<Record<string, readonly string[]>> = {
  authURL: ['AUTH_URL'],
  tenantName: ['TENANT_NAME', 'PROJECT_NAME'],
  domainName: ['DOMAIN_NAME', 'USER_DOMAIN_NAME', 'PROJECT_DOMAIN_NAME'],
  region: ['REGION_NAME'],
  username: ['USERNAME'],
  password: ['PASSWORD'],
  applicationCredentialID: ['APPLICATION_CREDENTIAL_ID'],
  applicationCredentialName: ['APPLICATION_CREDENTIAL_NAME'],
  applicationCredentialSecret: ['APPLICATION_CREDENTIAL_SECRET'],
};

/** The variables of the primary store, by their full names. */
export const openStackVariables: readonly string[] = Object.values(namesOf)
  .flat()
  .map((name) => `OS_${name}`);

/** Fields that may be in a file, which a variable with `_FILE` after its name names. */
const secretFields: readonly string[] = ['password', 'applicationCredentialSecret'];

/** The variables that name files with secrets, of the primary store. */
export const openStackFileVariables: readonly string[] = secretFields
  .flatMap((field) => namesOf[field] ?? [])
  .map((name) => `OS_${name}_FILE`);

/** What the variables begin with that are set for a store of this role; undefined when none are. */
function prefixOf({
  role,
  environment,
}: {
  readonly role: StoreRole;
  readonly environment: Environment;
}): string | undefined {
  const own = `${variablePrefix(role)}OS_`;
  // A secondary store may share the variables of the primary one; a source may not.
  const prefixes = role === 'secondary' ? [own, 'OS_'] : [own];
  return prefixes.find((candidate) => variable(environment, `${candidate}AUTH_URL`) !== undefined);
}

function fromVariables(from: {
  readonly role: StoreRole;
  readonly environment: Environment;
}): CredentialSource<OpenStackCredentials> {
  const { role, environment } = from;
  const prefix = prefixOf(from);
  if (prefix === undefined) {
    const own = `${variablePrefix(role)}OS_`;
    const files = `${variablePrefix(role)}OPENSTACK_APPLICATION_CREDENTIALS`;
    throw credentialFailure('absent', {
      where: `${files} or ${own}*`,
      found: `neither ${files} nor ${own}AUTH_URL is set`,
      remedy: `set ${files} to the directory that holds them, or ${files}_JSON to a JSON file`,
    });
  }
  const raw = async (): Promise<RawFields> => {
    const found: Record<string, string | undefined> = {};
    for (const [field, names] of Object.entries(namesOf)) {
      const read = secretFields.includes(field) ? secretVariable : variable;
      for (const name of names) {
        const value = await read(environment, prefix + name);
        found[field] ??= value;
      }
    }
    return found;
  };
  const location = `${prefix}*`;
  const inFiles = secretFields.flatMap((field) => (namesOf[field] ?? []).map((name) => prefix + name));
  const state = (): Promise<string> => stateOfSecretVariables(environment, inFiles);
  return {
    location,
    isThere: () => Promise.resolve(true),
    state,
    read: async () => {
      const before = await state();
      const nameOf = (field: string): string => prefix + (namesOf[field]?.[0] ?? field);
      const fields = parseFields(await raw(), {
        schema: openStackSchema,
        where: `the variables ${location}`,
        noun: 'variable',
        nameOf,
      });
      return { fields: credentialsOf(fields, { region: undefined, origin: nameOf('authURL') }), state: before };
    },
  };
}

/** Throws `endpoint_invalid` for an `authURL` that is no URL, or one with more in it than an address, such as a password. */
function credentialsOf(
  fields: Fields,
  place: { readonly region: string | undefined; readonly origin: string },
): OpenStackCredentials {
  const { username = '', password = '', tenantName = '', domainName = '' } = fields;
  const { applicationCredentialID: id, applicationCredentialSecret: secret = '' } = fields;
  return {
    authURL: parseEndpoint(fields.authURL, { origin: place.origin, schemes: ['http', 'https'] }),
    region: fields.region ?? place.region,
    identity:
      id === undefined
        ? { kind: 'password', username, password, tenantName, domainName }
        : { kind: 'application_credential', id, secret },
  };
}

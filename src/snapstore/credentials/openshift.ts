import * as z from 'zod';
import { type Environment, variable } from '../../runtime/environment.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import { type StoreRole, variablePrefix } from '../store-role.ts';
import { booleanField, parseFields } from './credential-fields.ts';
import { type CredentialSource, requireCredentials } from './credential-source.ts';

/** Its fields, with what each must be. */
export const openShiftSchema = z.object({
  endpoint: z.string(),
  region: z.string(),
  accessKeyID: z.string(),
  secretAccessKey: z.string(),
  disableSSL: booleanField.optional(),
  insecureSkipVerify: booleanField.optional(),
});

const switches = z.object({
  OCS_DISABLE_SSL: booleanField.optional(),
  OCS_INSECURE_SKIP_VERIFY: booleanField.optional(),
});

/** An access key for OpenShift Container Storage. */
export type OpenShiftCredentials = z.output<typeof openShiftSchema>;

/**
 * Finds the credentials named by `OPENSHIFT_APPLICATION_CREDENTIALS` and its `_JSON` sibling. `OCS_DISABLE_SSL` and
 * `OCS_INSECURE_SKIP_VERIFY` count where the credentials say nothing. Throws `credentials_absent` and `credentials_invalid`.
 */
export function openShiftCredentials(from: {
  readonly role: StoreRole;
  readonly environment: Environment;
  readonly log?: Logger;
}): CredentialSource<OpenShiftCredentials> {
  const source = requireCredentials({ stem: 'OPENSHIFT', schema: openShiftSchema, ...from });
  const prefix = variablePrefix(from.role);
  const names = Object.keys(switches.shape);
  const raw = Object.fromEntries(names.map((name) => [name, variable(from.environment, `${prefix}${name}`)]));
  const set = parseFields(raw, { schema: switches, where: 'the environment', noun: 'variable' });
  return {
    ...source,
    read: async () => {
      const { fields, state } = await source.read();
      const disableSSL = fields.disableSSL ?? set.OCS_DISABLE_SSL;
      const insecureSkipVerify = fields.insecureSkipVerify ?? set.OCS_INSECURE_SKIP_VERIFY;
      return { fields: { ...fields, disableSSL, insecureSkipVerify }, state };
    },
  };
}

import * as z from 'zod';
import type { Environment } from '../../runtime/environment.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import type { StoreRole } from '../store-role.ts';
import { type CredentialSource, requireCredentials } from './credential-source.ts';

/** Its fields, with what each must be. */
export const azureSchema = z.object({
  storageAccount: z.string().regex(/^[a-z0-9-]+$/i, 'must be the name of a storage account'),
  storageKey: z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/, 'must be base64'),
  /** What follows the account in the store's host name; an endpoint override wins over it. */
  domain: z
    .string()
    .regex(/^[a-z0-9.-]+(:\d+)?$/i, 'must be a host name')
    .default('blob.core.windows.net'),
});

/** A storage account of Azure and its shared key. */
export type AzureCredentials = z.output<typeof azureSchema>;

/** Finds the credentials named by `AZURE_APPLICATION_CREDENTIALS` and its `_JSON` sibling. Throws `credentials_absent`. */
export function azureCredentials(from: {
  readonly role: StoreRole;
  readonly environment: Environment;
  readonly log?: Logger;
}): CredentialSource<AzureCredentials> {
  return requireCredentials({ stem: 'AZURE', schema: azureSchema, ...from });
}

import * as z from 'zod';
import { type Environment, variable } from '../../runtime/environment.ts';
import { type StoreRole, variablePrefix } from '../store-role.ts';
import { credentialFailure } from './credential-failure.ts';
import { booleanField, parseFields } from './credential-fields.ts';
import type { CredentialSource } from './credential-source.ts';
import { secretVariable, stateOfSecretVariables } from './secret-variable.ts';

/** Its fields, with what each must be. */
export const ecsSchema = z.object({
  ECS_ENDPOINT: z.string(),
  ECS_ACCESS_KEY_ID: z.string(),
  ECS_SECRET_ACCESS_KEY: z.string(),
  ECS_DISABLE_SSL: booleanField.optional(),
  ECS_INSECURE_SKIP_VERIFY: booleanField.optional(),
});

/** An access key for Dell EMC ECS, by the names of its variables. */
export type EcsCredentials = z.output<typeof ecsSchema>;

/**
 * The `ECS_*` variables, the only place these credentials come from. Reading them throws `credentials_absent` when none is set,
 * `credentials_incomplete` when some are missing.
 */
export function ecsCredentials(from: {
  readonly role: StoreRole;
  readonly environment: Environment;
}): CredentialSource<EcsCredentials> {
  const prefix = variablePrefix(from.role);
  const state = (): Promise<string> => stateOfSecretVariables(from.environment, [`${prefix}ECS_SECRET_ACCESS_KEY`]);
  return {
    location: `${prefix}ECS_*`,
    isThere: () => Promise.resolve(true),
    state,
    read: async () => {
      const before = await state();
      return { fields: await readVariables(from.environment, prefix), state: before };
    },
  };
}

async function readVariables(environment: Environment, prefix: string): Promise<EcsCredentials> {
  const raw: Record<string, string | undefined> = {};
  for (const name of Object.keys(ecsSchema.shape)) {
    const read = name === 'ECS_SECRET_ACCESS_KEY' ? secretVariable : variable;
    raw[name] = await read(environment, `${prefix}${name}`);
  }
  if (Object.values(raw).every((value) => value === undefined)) {
    throw credentialFailure('absent', {
      where: `${prefix}ECS_ENDPOINT`,
      found: 'the variable is not set',
      remedy: `set it, ${prefix}ECS_ACCESS_KEY_ID and ${prefix}ECS_SECRET_ACCESS_KEY`,
    });
  }
  return parseFields(raw, { schema: ecsSchema, where: 'the environment', noun: 'variable' });
}

import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import type { Environment } from '../../runtime/environment.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import { type StoreRole, variablePrefix } from '../store-role.ts';
import { credentialFailure } from './credential-failure.ts';
import { booleanField, together } from './credential-fields.ts';
import { readCredentialFile } from './credential-file.ts';
import { type CredentialSource, findCredentials } from './credential-source.ts';

const checksumMode = z.string().transform((value, context) => {
  const mode = value.toLowerCase();
  if (mode === 'when_supported' || mode === 'when_required') {
    return mode;
  }
  context.addIssue({ code: 'custom', message: 'must be when_supported or when_required' });
  return z.NEVER;
});

/** PEM of one or several certificates. */
const certificates = z.string().refine((pem) => {
  const blocks = pem.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----.*?-----END (?:TRUSTED )?CERTIFICATE-----/gs) ?? [];
  return blocks.length > 0 && blocks.every(isCertificate);
}, 'must be one or several certificates in PEM (-----BEGIN CERTIFICATE-----)');

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

/** Its fields, with what each must be. */
export const awsSchema = z
  .object({
    region: z.string(),
    accessKeyID: z.string().optional(),
    secretAccessKey: z.string().optional(),
    /** Role that a web identity token is exchanged for. */
    roleARN: z.string().optional(),
    /** Path of the token's file; in a JSON file only. */
    tokenPath: z.string().optional(),
    /** The token itself, for a directory with a file per field, where it is one of them. */
    token: z.string().optional(),
    endpoint: z.string().optional(),
    s3ForcePathStyle: booleanField.optional(),
    insecureSkipVerify: booleanField.optional(),
    /** PEM. */
    trustedCaCert: certificates.optional(),
    requestChecksumCalculation: checksumMode.optional(),
    responseChecksumValidation: checksumMode.optional(),
    sseCustomerKey: z.string().optional(),
    sseCustomerAlgorithm: z.string().optional(),
  })
  .superRefine(together('accessKeyID', 'secretAccessKey'))
  .superRefine(together('sseCustomerKey', 'sseCustomerAlgorithm'))
  .superRefine((fields, context) => {
    const token = fields.token ?? fields.tokenPath;
    if (fields.accessKeyID !== undefined || fields.secretAccessKey !== undefined) {
      return;
    }
    if (fields.roleARN === undefined) {
      const message = token === undefined ? 'is missing, and so is roleARN' : 'is missing next to the token';
      context.addIssue({ code: 'custom', path: [token === undefined ? 'accessKeyID' : 'roleARN'], message });
    } else if (token === undefined) {
      context.addIssue({ code: 'custom', path: ['tokenPath'], message: 'is missing next to roleARN' });
    }
  });

type Fields = z.output<typeof awsSchema>;

/**
 * An access key or a role with the path of a web identity token, for S3, and how to talk to its endpoint.
 * With both, the access key counts.
 */
export type AwsCredentials = Omit<Fields, 'token'>;

/**
 * Finds the credentials named by `AWS_APPLICATION_CREDENTIALS` and its `_JSON` sibling. Undefined when neither is set: then the
 * SDK's own chain applies (`AWS_*` variables, `~/.aws`, the machine's role).
 */
export function awsCredentials(from: {
  readonly role: StoreRole;
  readonly environment: Environment;
  readonly log?: Logger;
}): CredentialSource<AwsCredentials> | undefined {
  const source = findCredentials({ stem: 'AWS', schema: awsSchema, ...from });
  return source === undefined
    ? undefined
    : {
        ...source,
        read: async () => {
          const { fields, state, directory } = await source.read();
          return { fields: withTokenPath(fields, { directory, where: source.location }), state };
        },
      };
}

/** The variable's name for a role. */
export function awsVariable(role: StoreRole): string {
  return `${variablePrefix(role)}AWS_APPLICATION_CREDENTIALS`;
}

/** The token does not live long and is read again each time: what counts is the path of its file. */
function withTokenPath(
  { token, ...fields }: Fields,
  { directory, where }: { readonly directory: string | undefined; readonly where: string },
): AwsCredentials {
  if (token === undefined || fields.tokenPath !== undefined || fields.accessKeyID !== undefined) {
    return fields;
  }
  if (directory === undefined) {
    const found = 'field "token" is a token that cannot be renewed';
    throw credentialFailure('invalid', { where, found, remedy: 'give the path of its file as "tokenPath"' });
  }
  return { ...fields, tokenPath: join(directory, 'token') };
}

/** The web identity token as it is now. Throws `credentials_unreadable`, and `credentials_incomplete` for an empty file. */
export async function readWebIdentityToken(tokenPath: string): Promise<string> {
  const where = `${tokenPath}, the token for roleARN`;
  const token = (await readCredentialFile(tokenPath, { where })).trim();
  if (token === '') {
    throw credentialFailure('incomplete', { where, found: 'the file is empty' });
  }
  return token;
}

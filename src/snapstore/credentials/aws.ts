import { z } from 'zod';
import { booleanField, together } from './credential-fields.ts';
import { type CredentialSource, findCredentials } from './credential-source.ts';
import type { Environment } from './environment.ts';
import type { StoreRole } from './store-role.ts';

const checksumMode = z.string().transform((value, context) => {
  const mode = value.toLowerCase();
  if (mode === 'when_supported' || mode === 'when_required') {
    return mode;
  }
  context.addIssue({ code: 'custom', message: 'must be when_supported or when_required' });
  return z.NEVER;
});

const schema = z
  .object({
    region: z.string(),
    accessKeyID: z.string().optional(),
    secretAccessKey: z.string().optional(),
    /** Role that a web identity token is exchanged for. */
    roleARN: z.string().optional(),
    /** Path of the token's file; in a JSON file only. */
    tokenPath: z.string().optional(),
    /** The token itself: a directory with a file per field holds it beside the others. */
    token: z.string().optional(),
    endpoint: z.string().optional(),
    s3ForcePathStyle: booleanField.optional(),
    insecureSkipVerify: booleanField.optional(),
    /** PEM. */
    trustedCaCert: z.string().optional(),
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
      const message = token === undefined ? 'is missing, and so is roleARN' : 'is missing beside the token';
      context.addIssue({ code: 'custom', path: [token === undefined ? 'accessKeyID' : 'roleARN'], message });
    } else if (token === undefined) {
      context.addIssue({ code: 'custom', path: ['tokenPath'], message: 'is missing beside roleARN' });
    }
  });

/** An access key or a role with a web identity token, for S3, and how its endpoint wants to be talked to. */
export type AwsCredentials = z.output<typeof schema>;

/**
 * Finds the credentials named by `AWS_APPLICATION_CREDENTIALS` and its `_JSON` sibling. Undefined when neither is set: then the
 * SDK's own chain applies (`AWS_*` variables, `~/.aws`, the machine's role).
 */
export function awsCredentials(from: {
  readonly role: StoreRole;
  readonly environment: Environment;
}): CredentialSource<AwsCredentials> | undefined {
  return findCredentials({ stem: 'AWS', schema, ...from });
}

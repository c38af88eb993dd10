import * as z from 'zod';
import type { Environment } from '../../runtime/environment.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import type { StoreRole } from '../store-role.ts';
import { type CredentialSource, requireCredentials } from './credential-source.ts';

/** Its fields, with what each must be. */
export const alicloudSchema = z.object({
  /** Such as `oss-eu-central-1.aliyuncs.com`, with or without a scheme. */
  storageEndpoint: z.string(),
  accessKeyID: z.string(),
  accessKeySecret: z.string(),
  /** Region requests are signed for, such as `eu-central-1`; needed only where the endpoint does not name it. */
  region: z.string().optional(),
});

/** An access key for Alibaba Cloud OSS. */
export type AlicloudCredentials = z.output<typeof alicloudSchema>;

/** Finds the credentials named by `ALICLOUD_APPLICATION_CREDENTIALS` and its `_JSON` sibling. Throws `credentials_absent`. */
export function alicloudCredentials(from: {
  readonly role: StoreRole;
  readonly environment: Environment;
  readonly log?: Logger;
}): CredentialSource<AlicloudCredentials> {
  return requireCredentials({ stem: 'ALICLOUD', schema: alicloudSchema, ...from });
}

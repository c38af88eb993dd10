import type { S3Client } from '@aws-sdk/client-s3';
import type { StoreRequests } from '../../http/store-requests.ts';
import type { DefaultRetention } from './default-retention.ts';
import type { SharedAnswer } from './shared-answer.ts';
import type { Versioning } from './versioning.ts';

/** A bucket, and the means to send it requests. */
export interface S3Place {
  readonly client: S3Client;
  readonly requests: StoreRequests;
  readonly bucket: string;
  /** For messages. */
  readonly location: string;
  /** What is being asked about it. */
  readonly asked: {
    readonly versioning: SharedAnswer<Versioning>;
    readonly retention: SharedAnswer<DefaultRetention>;
  };
  /** What was found out about it a moment ago, for callers that ask for many prefixes. */
  readonly lately: { versioning?: { readonly value: Promise<Versioning>; readonly until: number } };
}

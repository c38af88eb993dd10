import type { S3Client } from '@aws-sdk/client-s3';
import type { StoreRequests } from '../../http/store-requests.ts';

/** A bucket, and the means to send it requests. */
export interface S3Place {
  readonly client: S3Client;
  readonly requests: StoreRequests;
  readonly bucket: string;
  /** For messages. */
  readonly location: string;
}

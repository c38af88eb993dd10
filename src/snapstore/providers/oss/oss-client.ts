import type { Readable } from 'node:stream';
import SdkClient from 'ali-oss';
import type { AlicloudCredentials } from '../../credentials/alicloud.ts';
import { StoreError } from '../../store-error.ts';
import { describeEndpoint } from './oss-endpoint.ts';
import type { OssRequest, OssTransport } from './oss-transport.ts';

/** Options of each call that reach the transport. */
export interface OssCallOptions {
  readonly ctx: () => OssRequest;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Headers of an answer, names in lower case. */
export type OssHeaders = Readonly<Record<string, string | undefined>>;

interface OssResult {
  readonly res: { readonly status: number; readonly headers: OssHeaders };
}

/** A page of `listV2`. */
export interface OssPage {
  /** A name is undefined where an answer lacks it. */
  readonly objects: readonly {
    readonly name: string | undefined;
    readonly size: number;
    readonly lastModified: string;
  }[];
  /** Of a listing with a delimiter; null where there are none. */
  readonly prefixes?: readonly string[] | null;
  readonly keyCount?: number;
  readonly isTruncated: boolean;
  readonly nextContinuationToken: string | null;
}

/** A page of `listUploads`. */
export interface OssUploadsPage {
  readonly uploads: readonly { readonly name: string; readonly uploadId: string; readonly initiated: string }[];
  readonly isTruncated: boolean;
  readonly nextKeyMarker: string | undefined;
  readonly nextUploadIdMarker: string | undefined;
}

/** The part of ali-oss 6.23 that is used here, with `ctx`, which its published types leave out. */
export interface OssClient {
  listV2(query: Readonly<Record<string, string | number>>, options: OssCallOptions): Promise<OssPage>;
  listUploads(query: Readonly<Record<string, string | number>>, options: OssCallOptions): Promise<OssUploadsPage>;
  getBucketWorm(name: string, options: OssCallOptions): Promise<{ readonly state?: string; readonly days?: string }>;
  getStream(name: string, options: OssCallOptions): Promise<OssResult & { readonly stream: Readable }>;
  head(name: string, options: OssCallOptions): Promise<OssResult>;
  put(name: string, body: Buffer, options: OssCallOptions): Promise<OssResult>;
  delete(name: string, options: OssCallOptions): Promise<OssResult>;
  initMultipartUpload(name: string, options: OssCallOptions): Promise<OssResult & { readonly uploadId: string }>;
  uploadPart(
    name: string,
    uploadId: string,
    number: number,
    body: Buffer,
    start: number,
    end: number,
    options: OssCallOptions,
  ): Promise<OssResult & { readonly etag: string }>;
  completeMultipartUpload(
    name: string,
    uploadId: string,
    parts: readonly { readonly number: number; readonly etag: string }[],
    options: OssCallOptions,
  ): Promise<OssResult>;
  abortMultipartUpload(name: string, uploadId: string, options: OssCallOptions): Promise<OssResult>;
}

const Client = SdkClient as unknown as new (options: Readonly<Record<string, unknown>>) => OssClient;

/** What a client signs with and talks to. */
export interface OssClientOptions {
  readonly bucket: string;
  readonly endpoint: string;
  readonly credentials: AlicloudCredentials;
  readonly transport: OssTransport;
}

/** Makes a client for one bucket. Connects to nothing yet. Throws an `invalid` {@link StoreError} for a name no bucket can have. */
export function createOssClient({ bucket, endpoint, credentials, transport }: OssClientOptions): OssClient {
  // The SDK refuses such a name without saying which rule it breaks.
  if (!/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(bucket)) {
    throw new StoreError('invalid', {
      action: 'use the OSS bucket',
      object: `"${bucket}"`,
      found: 'it is no bucket name',
      remedy: 'a name has 3 to 63 lower-case letters, digits and hyphens',
    });
  }
  const { url, addressing, region } = describeEndpoint(endpoint, credentials.region);
  return new Client({
    bucket,
    endpoint: url,
    accessKeyId: credentials.accessKeyID,
    accessKeySecret: credentials.accessKeySecret,
    sldEnable: addressing === 'path',
    // Version 1 is for endpoints that do not name their region; it is all the Go program uses.
    ...(region === undefined ? { authorizationV4: false } : { authorizationV4: true, region: `oss-${region}` }),
    urllib: transport,
  });
}

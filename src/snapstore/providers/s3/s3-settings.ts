/** Customer-provided encryption keys, sent with everything that touches an object's bytes. */
export interface SseCustomerKey {
  readonly SSECustomerAlgorithm: string;
  /** The key as the user gave it; the SDK encodes it and adds its MD5. */
  readonly SSECustomerKey: string;
}

/** Whose requests these are. */
export type S3Identity =
  | { readonly kind: 'keys'; readonly accessKeyID: string; readonly secretAccessKey: string }
  /** A role, and the file with the token that allows to take it; the file may change at any time. */
  | { readonly kind: 'web identity'; readonly roleARN: string; readonly tokenPath: string }
  /** What the SDK finds by itself: variables, `~/.aws`, the machine's role. */
  | { readonly kind: 'default chain' };

/** When checksums are exchanged, in the words of AWS's own settings. */
export type ChecksumMode = 'when_supported' | 'when_required';

/** How an S3 service is reached. */
export interface S3Settings {
  readonly bucket: string;
  /** Undefined: from the SDK's own settings. */
  readonly region: string | undefined;
  /** Absolute URL; undefined for AWS itself. */
  readonly endpoint: string | undefined;
  /** `bucket`-less host names: the bucket is the first part of the path. */
  readonly pathStyle: boolean;
  readonly identity: S3Identity;
  /** PEM of the only authorities trusted; undefined for the usual ones. */
  readonly trustedCaCert: string | undefined;
  readonly insecureSkipVerify: boolean;
  readonly requestChecksums: ChecksumMode;
  readonly responseChecksums: ChecksumMode;
  readonly sse: SseCustomerKey | undefined;
}

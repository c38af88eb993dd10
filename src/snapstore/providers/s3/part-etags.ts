import type { UploadPartCommandOutput } from '@aws-sdk/client-s3';

/** What an answer says about how its object is encrypted. */
export type EncryptionFacts = Pick<UploadPartCommandOutput, 'ServerSideEncryption' | 'SSECustomerAlgorithm'>;

/** What the ETags of a bucket's parts mean, as far as its uploads have shown. */
export class PartEtags {
  readonly #encrypted: boolean;
  #areMd5: boolean;

  constructor({ encrypted }: { readonly encrypted: boolean }) {
    this.#encrypted = encrypted;
    this.#areMd5 = !encrypted;
  }

  /** Whether the next one will be the MD5 of its part, as far as is known: if not, the MD5 need not be computed. */
  get areMd5(): boolean {
    return this.#areMd5;
  }

  /** The MD5 of a part as the store found it, in hex. Undefined where the ETag is something else: of encrypted parts, and in stores that number them. */
  md5Of(etag: string | undefined, encryption: EncryptionFacts = {}): string | undefined {
    const bare = bareEtag(etag);
    const isMd5 = !this.#encrypted && bare !== undefined && looksLikeMd5(bare) && promisesMd5(encryption);
    this.#areMd5 = isMd5;
    return isMd5 ? bare : undefined;
  }
}

/**
 * Whether the ETag of what was sent in one request is its MD5: so it is of objects that are plain or encrypted with the service's
 * own keys, and not of those encrypted with keys of KMS or of the customer, though it looks the same. See "Object" in the S3 API
 * reference.
 */
function promisesMd5({ ServerSideEncryption: encryption, SSECustomerAlgorithm: customer }: EncryptionFacts): boolean {
  return customer === undefined && (encryption === undefined || encryption === 'AES256');
}

/** An ETag without its quotes. */
export function bareEtag(etag: string | undefined): string | undefined {
  return etag?.replaceAll('"', '');
}

/** Whether it may be an MD5 in hex. */
function looksLikeMd5(etag: string): boolean {
  return /^[0-9a-f]{32}$/.test(etag);
}

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
  md5Of(etag: string | undefined): string | undefined {
    const bare = bareEtag(etag);
    const isMd5 = !this.#encrypted && bare !== undefined && looksLikeMd5(bare);
    this.#areMd5 = isMd5;
    return isMd5 ? bare : undefined;
  }
}

/** An ETag without its quotes. */
export function bareEtag(etag: string | undefined): string | undefined {
  return etag?.replaceAll('"', '');
}

/** Whether it may be an MD5 in hex. */
export function looksLikeMd5(etag: string): boolean {
  return /^[0-9a-f]{32}$/.test(etag);
}

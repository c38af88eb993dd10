import { createHash } from 'node:crypto';
import { crc64 } from '../../../../src/checksum/crc64.ts';

/** An object as the loopback store keeps it. */
export interface OssObject {
  readonly key: string;
  readonly body: Buffer;
  readonly etag: string;
  readonly crc64: string;
  readonly modifiedAt: number;
}

/** A part that was uploaded. */
export interface OssPart {
  readonly body: Buffer;
  readonly etag: string;
}

/** A refusal with the service's code and status. */
export class OssRefusal extends Error {
  readonly code: string;
  readonly status: number;

  constructor(status: number, code: string, message: string = code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const smallestPart = 100 * 1024;

/** The objects and unfinished uploads of one bucket, with the service's rules for them. */
export class OssObjectSpace {
  readonly objects = new Map<string, OssObject>();
  readonly uploads = new Map<
    string,
    { readonly key: string; readonly begunAt: number; readonly parts: Map<number, OssPart> }
  >();
  /** Days objects are protected from their last change on; undefined without a WORM policy. */
  wormDays: number | undefined;
  readonly now: () => number;
  #nextUpload = 1;

  constructor(now: () => number) {
    this.now = now;
  }

  put(key: string, body: Buffer, etag = md5(body, 'hex')): OssObject {
    this.#mayChange(key);
    const object = {
      key,
      body,
      etag: `"${etag.toUpperCase()}"`,
      crc64: crc64(body).toString(),
      modifiedAt: this.now(),
    };
    this.objects.set(key, object);
    return object;
  }

  get(key: string): OssObject {
    const object = this.objects.get(key);
    if (object === undefined) {
      throw new OssRefusal(404, 'NoSuchKey', 'The specified key does not exist.');
    }
    return object;
  }

  delete(key: string): void {
    this.#mayChange(key);
    this.objects.delete(key);
  }

  begin(key: string): string {
    const id = createHash('md5')
      .update(`upload ${this.#nextUpload++}`)
      .digest('hex')
      .toUpperCase();
    this.uploads.set(id, { key, begunAt: this.now(), parts: new Map() });
    return id;
  }

  putPart(id: string, key: string, number: number, body: Buffer): OssPart {
    const upload = this.upload(id, key);
    if (number < 1 || number > 10_000) {
      throw new OssRefusal(400, 'InvalidArgument', 'Part number must be an integer between 1 and 10000.');
    }
    const part = { body, etag: `"${md5(body, 'hex').toUpperCase()}"` };
    upload.parts.set(number, part);
    return part;
  }

  complete(id: string, key: string, listed: readonly { readonly number: number; readonly etag: string }[]): OssObject {
    const upload = this.upload(id, key);
    if (listed.length === 0) {
      throw new OssRefusal(400, 'MalformedXML');
    }
    const bodies = listed.map(({ number, etag }, index) => {
      const part = upload.parts.get(number);
      if (index > 0 && number <= (listed[index - 1]?.number ?? 0)) {
        throw new OssRefusal(400, 'InvalidPartOrder');
      }
      if (part === undefined || part.etag !== etag) {
        throw new OssRefusal(400, 'InvalidPart');
      }
      if (index < listed.length - 1 && part.body.length < smallestPart) {
        throw new OssRefusal(400, 'EntityTooSmall');
      }
      return part.body;
    });
    const object = this.put(key, Buffer.concat(bodies), `${id}-${listed.length}`);
    this.uploads.delete(id);
    return object;
  }

  abort(id: string, key: string): void {
    this.upload(id, key);
    this.uploads.delete(id);
  }

  upload(id: string, key: string): { readonly key: string; readonly parts: Map<number, OssPart> } {
    const upload = this.uploads.get(id);
    if (upload === undefined || upload.key !== key) {
      throw new OssRefusal(404, 'NoSuchUpload', 'The specified upload does not exist.');
    }
    return upload;
  }

  #mayChange(key: string): void {
    const object = this.objects.get(key);
    if (object !== undefined && this.wormDays !== undefined) {
      if (this.now() < object.modifiedAt + this.wormDays * 86_400_000) {
        throw new OssRefusal(409, 'FileImmutable', 'The object you specified is immutable.');
      }
    }
  }
}

/** The MD5 of some bytes. */
export function md5(body: Buffer, encoding: 'hex' | 'base64'): string {
  return createHash('md5').update(body).digest(encoding);
}

import { createHash } from 'node:crypto';
import { crc32c } from '../../../../src/checksum/crc32c.ts';

/** An object as the loopback store keeps it. */
export interface GcsObject {
  readonly name: string;
  readonly body: Buffer;
  readonly generation: number;
  readonly updatedAt: number;
  readonly contentType: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  /** How many uploads it is made of, where it was composed. */
  readonly componentCount: number | undefined;
}

/** What may be said about an object that is written. */
export interface GcsAttributes {
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly crc32c?: string;
  readonly md5Hash?: string;
}

/** A refusal with the service's status and reason. */
export class GcsRefusal extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string = reason) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** Conditions in the query of a request. */
export interface GcsPrecondition {
  /** 0: there must be no such object. */
  readonly ifGenerationMatch?: number | undefined;
}

/** The objects of one bucket, with the service's rules for them. */
export class GcsObjectSpace {
  readonly objects: Map<string, GcsObject>;
  readonly bucket: string;
  readonly now: () => number;
  /** Seconds objects are protected after they were written; undefined without a retention policy. */
  retentionSeconds: number | undefined;
  #generation: number;

  /** Begins with `objects`, which it changes. */
  constructor(bucket: string, now: () => number, objects: Map<string, GcsObject> = new Map()) {
    this.bucket = bucket;
    this.now = now;
    this.objects = objects;
    this.#generation = [...objects.values()].reduce(
      (highest, { generation }) => Math.max(highest, generation),
      1_700_000_000_000_000,
    );
  }

  /** Writes an object. `sent` is what the checksums in the attributes are of. */
  put(
    name: string,
    body: Buffer,
    options: GcsPrecondition & { readonly attributes?: GcsAttributes; readonly sent?: Buffer } = {},
  ): GcsObject {
    const { attributes = {}, sent = body } = options;
    if (attributes.crc32c !== undefined && attributes.crc32c !== crc32cText(sent)) {
      throw new GcsRefusal(400, 'invalid', `Provided CRC32C "${attributes.crc32c}" doesn't match calculated CRC32C.`);
    }
    if (attributes.md5Hash !== undefined && attributes.md5Hash !== md5Text(sent)) {
      throw new GcsRefusal(
        400,
        'invalid',
        `Provided MD5 hash "${attributes.md5Hash}" doesn't match calculated MD5 hash.`,
      );
    }
    return this.#store(name, body, { ...options, contentType: attributes.contentType, metadata: attributes.metadata });
  }

  /** Joins up to 32 objects into a new one. */
  compose(
    name: string,
    sources: readonly { readonly name: string; readonly generation?: number | undefined }[],
    options: GcsPrecondition & { readonly contentType?: string | undefined },
  ): GcsObject {
    if (sources.length < 1 || sources.length > 32) {
      throw new GcsRefusal(400, 'invalid', 'The number of source components provided must be between 1 and 32.');
    }
    const found = sources.map((source) => {
      const object = this.objects.get(source.name);
      if (object === undefined || (source.generation ?? object.generation) !== object.generation) {
        throw new GcsRefusal(
          404,
          'notFound',
          `Object ${source.name} (generation: ${source.generation ?? 0}) not found.`,
        );
      }
      return object;
    });
    return this.#store(name, Buffer.concat(found.map(({ body }) => body)), {
      ...options,
      componentCount: found.reduce((sum, { componentCount = 1 }) => sum + componentCount, 0),
    });
  }

  get(name: string): GcsObject {
    const object = this.objects.get(name);
    if (object === undefined) {
      throw new GcsRefusal(404, 'notFound', `No such object: ${this.bucket}/${name}`);
    }
    return object;
  }

  delete(name: string, precondition: GcsPrecondition = {}): void {
    this.get(name);
    this.#mayChange(name, precondition);
    this.objects.delete(name);
  }

  /** Until when an object is protected, ms since the epoch. */
  protectedUntil(object: GcsObject): number | undefined {
    return this.retentionSeconds === undefined ? undefined : object.updatedAt + this.retentionSeconds * 1000;
  }

  /** The resource of the JSON API ("Objects: resource representations"). */
  resource(object: GcsObject): Readonly<Record<string, unknown>> {
    const until = this.protectedUntil(object);
    const time = new Date(object.updatedAt).toISOString();
    return {
      kind: 'storage#object',
      name: object.name,
      bucket: this.bucket,
      generation: String(object.generation),
      size: String(object.body.length),
      crc32c: crc32cText(object.body),
      timeCreated: time,
      updated: time,
      contentType: object.contentType,
      ...(object.componentCount === undefined
        ? { md5Hash: md5Text(object.body) }
        : { componentCount: object.componentCount }),
      ...(Object.keys(object.metadata).length === 0 ? {} : { metadata: object.metadata }),
      ...(until === undefined ? {} : { retentionExpirationTime: new Date(until).toISOString() }),
    };
  }

  #store(
    name: string,
    body: Buffer,
    options: GcsPrecondition & {
      readonly contentType?: string | undefined;
      readonly metadata?: Readonly<Record<string, string>> | undefined;
      readonly componentCount?: number;
    },
  ): GcsObject {
    this.#mayChange(name, options);
    const object = {
      name,
      body,
      generation: ++this.#generation,
      updatedAt: this.now(),
      contentType: options.contentType,
      metadata: options.metadata ?? {},
      componentCount: options.componentCount,
    };
    this.objects.set(name, object);
    return object;
  }

  #mayChange(name: string, { ifGenerationMatch }: GcsPrecondition): void {
    const object = this.objects.get(name);
    if (ifGenerationMatch !== undefined && ifGenerationMatch !== (object?.generation ?? 0)) {
      throw new GcsRefusal(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.');
    }
    const until = object === undefined ? undefined : this.protectedUntil(object);
    if (until !== undefined && this.now() < until) {
      throw new GcsRefusal(
        403,
        'retentionPolicyNotMet',
        `Object '${this.bucket}/${name}' is subject to bucket's retention policy and cannot be deleted or overwritten until ${new Date(until).toISOString()}`,
      );
    }
  }
}

/** Of the bodies that are kept, which never change: each listing and each answer names the checksum. */
const checksums = new WeakMap<Buffer, string>();

/** CRC-32C as the service writes it: big endian, base64. */
export function crc32cText(body: Buffer): string {
  const known = checksums.get(body);
  if (known !== undefined) {
    return known;
  }
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32c(0, body));
  const text = bytes.toString('base64');
  checksums.set(body, text);
  return text;
}

function md5Text(body: Buffer): string {
  return createHash('md5').update(body).digest('base64');
}

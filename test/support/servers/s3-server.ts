import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { AwsRefusal } from './aws-refusal.ts';
import type { Bandwidth } from './bandwidth.ts';
import { fromPageToken, sortedKeyPage, toPageToken } from './key-page.ts';
import { sortOutPathStyle, xmlAnswer } from './s3-protocol.ts';
import { SortedMap } from './sorted-map.ts';
import { listenAsStore, type StoreAnswer, type StoreListener, type StoreRequest } from './store-listener.ts';
import { element, leaf, xmlDocument } from './xml.ts';

/** An object: its bytes, or only how many there were. */
export interface S3Object {
  readonly size: number;
  /** Undefined where the server keeps sizes only. */
  readonly bytes: Buffer | undefined;
  readonly modifiedAt: number;
}

/** Who sent a request, as it says itself. */
export interface S3Caller {
  readonly accessKeyID: string;
  readonly sessionToken: string | undefined;
}

/** How the server is to be. */
export interface S3ServerOptions {
  /** Whether a caller may do anything at all; everybody may when left out. */
  readonly admits?: (caller: S3Caller) => boolean;
  /** `sizes` forgets what is uploaded, so that a server can take any amount. */
  readonly keeps?: 'bytes' | 'sizes';
  /** How fast it sends bodies, and how fast one that keeps sizes takes parts in. */
  readonly pace?: Bandwidth;
}

/** A loopback S3 with one bucket, the first part of the path. */
export interface S3Server extends StoreListener {
  readonly bucket: string;
  /** What the bucket holds, for tests to look at and to fill. */
  readonly objects: Map<string, S3Object>;
  /** Uploads that were neither completed nor aborted, by id. */
  readonly uploads: ReadonlyMap<string, S3Parts>;
  /** Of which object each upload is, and when it was begun, ms since the epoch; stays when it has ended. */
  readonly begun: Map<string, BegunUpload>;
}

/** What a listing of uploads tells. */
interface BegunUpload {
  readonly key: string;
  readonly at: number;
}

/** The parts of an upload by number. */
type S3Parts = Map<number, Buffer | number>;

/**
 * Starts the server on a free port, for what Ceph cannot do here: temporary keys, and hardly any cost. It knows what a backup needs,
 * without versions. Signatures are not checked, and checksums are taken for right.
 */
export async function startS3Server({ admits, keeps = 'bytes', pace }: S3ServerOptions = {}): Promise<S3Server> {
  const bucket = 'backups';
  const space = {
    objects: new SortedMap<S3Object>(),
    uploads: new Map<string, S3Parts>(),
    begun: new Map<string, BegunUpload>(),
    keeps,
  };
  const listener = await listenAsStore({
    sortOut: (message, url) => sortOutPathStyle(message, url, { beginUpload: 'CreateMultipartUpload', ofBucket }),
    takeIn: (message, { operation }) =>
      keeps === 'sizes' && operation === 'UploadPart' ? passedBy(message, pace) : buffer(message),
    pace,
    perform: (request) => {
      if (admits?.(callerOf(request.message)) === false) {
        throw new AwsRefusal(403, 'ExpiredToken');
      }
      if (request.bucket !== bucket) {
        throw new AwsRefusal(404, 'NoSuchBucket');
      }
      return perform(request, space);
    },
    refuse: (error) => {
      const { status, code } = error instanceof AwsRefusal ? error : new AwsRefusal(500, String(error));
      return { status, body: xmlDocument(element('Error', leaf('Code', code), leaf('Message', code))) };
    },
    faulty: ({ status, code = 'InternalError' }) => new AwsRefusal(status, code),
  });
  return { ...listener, bucket, objects: space.objects, uploads: space.uploads, begun: space.begun };
}

/** Reads a body and forgets it: what a store that is measured against costs should be next to nothing. */
async function passedBy(message: IncomingMessage, pace: Bandwidth | undefined): Promise<Buffer> {
  let size = 0;
  for await (const bytes of message as AsyncIterable<Buffer>) {
    size += bytes.length;
    await pace?.carry(bytes.length);
  }
  if (size !== Number(message.headers['content-length'])) {
    throw new AwsRefusal(400, 'IncompleteBody');
  }
  return Buffer.alloc(0);
}

function callerOf({ headers }: IncomingMessage): S3Caller {
  const token = headers['x-amz-security-token'];
  return {
    accessKeyID: /Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? '',
    sessionToken: typeof token === 'string' ? token : undefined,
  };
}

function ofBucket(query: URLSearchParams): string {
  const named = ['versioning', 'object-lock', 'versions', 'uploads'].find((name) => query.has(name));
  return named ?? 'ListObjectsV2';
}

interface Space {
  readonly objects: SortedMap<S3Object>;
  readonly uploads: Map<string, S3Parts>;
  readonly begun: Map<string, BegunUpload>;
  readonly keeps: 'bytes' | 'sizes';
}

function perform({ operation, key, query, headers, body }: StoreRequest, space: Space): StoreAnswer {
  const uploadId = query.get('uploadId') ?? '';
  switch (operation) {
    case 'versioning':
      return xmlAnswer(element('VersioningConfiguration'));
    case 'ListObjectsV2':
      return list(query, space);
    case 'object-lock':
      throw new AwsRefusal(404, 'ObjectLockConfigurationNotFoundError');
    case 'uploads':
      return listUploads(query, space);
    case 'versions':
      return listVersions(query, space);
    case 'CreateMultipartUpload': {
      const id = randomUUID();
      space.uploads.set(id, new Map());
      space.begun.set(id, { key, at: Date.now() });
      return xmlAnswer(element('InitiateMultipartUploadResult', leaf('Key', key), leaf('UploadId', id)));
    }
    case 'UploadPart': {
      const number = Number(query.get('partNumber'));
      partsOf(space, uploadId).set(number, space.keeps === 'bytes' ? body : Number(headers['content-length']));
      const announced = headers['x-amz-checksum-crc32c'];
      const checksum = typeof announced === 'string' ? { 'x-amz-checksum-crc32c': announced } : {};
      return { status: 200, headers: { etag: `"part-${number}"`, ...checksum } };
    }
    case 'CompleteMultipartUpload': {
      const parts = [...partsOf(space, uploadId)].sort(([a], [b]) => a - b).map(([, part]) => part);
      const size = parts.reduce<number>((sum, part) => sum + (typeof part === 'number' ? part : part.length), 0);
      const bytes =
        space.keeps === 'bytes' ? Buffer.concat(parts.filter((part) => typeof part !== 'number')) : undefined;
      space.objects.set(key, { size, bytes, modifiedAt: Date.now() });
      space.uploads.delete(uploadId);
      return xmlAnswer(element('CompleteMultipartUploadResult', leaf('Key', key), leaf('ETag', '"whole"')));
    }
    case 'AbortMultipartUpload':
      if (!space.uploads.delete(uploadId)) {
        throw new AwsRefusal(404, 'NoSuchUpload');
      }
      return { status: 204 };
    case 'HeadObject': {
      const object = objectOf(space, key);
      return { status: 200, headers: { ...described(object), 'content-length': String(object.size) } };
    }
    case 'GetObject':
      return get(objectOf(space, key), headers.range);
    case 'DeleteObject':
      space.objects.delete(key);
      return { status: 204 };
    default:
      throw new AwsRefusal(501, 'NotImplemented');
  }
}

/** One upload a page, so that every listing has pages. */
function listUploads(query: URLSearchParams, { uploads, begun }: Space): StoreAnswer {
  const after = query.get('upload-id-marker');
  const matching = [...uploads.keys()].filter((id) => begun.get(id)?.key.startsWith(query.get('prefix') ?? ''));
  const at = after === null ? 0 : matching.indexOf(after) + 1;
  const id = matching[at];
  const upload = id === undefined ? undefined : begun.get(id);
  const listed =
    upload === undefined || id === undefined
      ? []
      : [
          element(
            'Upload',
            leaf('Key', upload.key),
            leaf('UploadId', id),
            leaf('Initiated', new Date(upload.at).toISOString()),
          ),
          leaf('NextKeyMarker', upload.key),
          leaf('NextUploadIdMarker', id),
        ];
  return xmlAnswer(
    element('ListMultipartUploadsResult', leaf('IsTruncated', String(at + 1 < matching.length)), ...listed),
  );
}

function partsOf({ uploads }: Space, id: string): S3Parts {
  const parts = uploads.get(id);
  if (parts === undefined) {
    throw new AwsRefusal(404, 'NoSuchUpload');
  }
  return parts;
}

function objectOf({ objects }: Space, key: string): S3Object {
  const object = objects.get(key);
  if (object === undefined) {
    throw new AwsRefusal(404, 'NoSuchKey');
  }
  return object;
}

function described({ modifiedAt }: S3Object): Readonly<Record<string, string>> {
  return { etag: '"whole"', 'last-modified': new Date(modifiedAt).toUTCString() };
}

function get(object: S3Object, range: string | undefined): StoreAnswer {
  const { bytes } = object;
  if (bytes === undefined) {
    throw new AwsRefusal(404, 'NoSuchKey');
  }
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  if (from === undefined) {
    return { status: 200, headers: described(object), body: bytes };
  }
  const start = Number(from);
  const end = to === undefined || to === '' ? bytes.length : Math.min(Number(to) + 1, bytes.length);
  if (start >= end) {
    throw new AwsRefusal(416, 'InvalidRange');
  }
  const headers = { ...described(object), 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` };
  return { status: 206, headers, body: bytes.subarray(start, end) };
}

/** As of a bucket that never kept versions: each object is the only version of its key, and its version is `null`. */
function listVersions(query: URLSearchParams, space: Space): StoreAnswer {
  const { keys, folders, next } = sortedKeyPage(space.objects.sortedKeys(), {
    prefix: query.get('prefix') ?? '',
    after: query.get('key-marker') ?? '',
    most: 1000,
    delimiter: query.get('delimiter'),
  });
  const entries = keys.map((key) => {
    const { size, modifiedAt } = objectOf(space, key);
    const modified = leaf('LastModified', new Date(modifiedAt).toISOString());
    return element('Version', leaf('Key', key), leaf('VersionId', 'null'), leaf('Size', size), modified);
  });
  const more = next === undefined ? [] : [leaf('NextKeyMarker', next), leaf('NextVersionIdMarker', 'null')];
  return xmlAnswer(
    element('ListVersionsResult', leaf('IsTruncated', next !== undefined), ...more, ...entries, ...common(folders)),
  );
}

function common(folders: readonly string[]): readonly string[] {
  return folders.map((folder) => element('CommonPrefixes', leaf('Prefix', folder)));
}

function list(query: URLSearchParams, space: Space): StoreAnswer {
  const { keys, folders, next } = sortedKeyPage(space.objects.sortedKeys(), {
    prefix: query.get('prefix') ?? '',
    after: fromPageToken(query.get('continuation-token')),
    most: 1000,
    delimiter: query.get('delimiter'),
  });
  const entries = keys.map((key) => {
    const { size, modifiedAt } = objectOf(space, key);
    return element(
      'Contents',
      leaf('Key', key),
      leaf('Size', size),
      leaf('LastModified', new Date(modifiedAt).toISOString()),
    );
  });
  const more = next === undefined ? [] : [leaf('NextContinuationToken', toPageToken(next))];
  return xmlAnswer(
    element('ListBucketResult', leaf('IsTruncated', next !== undefined), ...more, ...entries, ...common(folders)),
  );
}

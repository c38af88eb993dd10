import type { IncomingMessage } from 'node:http';
import { crc64 } from '../../../src/checksum/crc64.ts';
import { fromPageToken, keyPage, toPageToken } from './key-page.ts';
import { md5, OssObjectSpace, OssRefusal } from './oss/object-space.ts';
import { checkSignature, type OssKeyPair } from './oss/signature.ts';
import { sortOutPathStyle, xmlAnswer } from './s3-protocol.ts';
import { listenAsStore, type StoreAnswer, type StoreListener, type StoreRequest } from './store-listener.ts';
import { element, fromText, leaf, xmlDocument } from './xml.ts';

/** A loopback Alibaba Cloud OSS with one bucket, the first part of the path. */
export interface OssServer extends StoreListener {
  readonly bucket: string;
  /** The pair that is accepted now. */
  readonly keys: OssKeyPair;
  /** Accepts another pair from now on, and the one before no longer. */
  rotate(keys: OssKeyPair): void;
  /** What the bucket holds, for tests to look at and to fill. */
  readonly space: OssObjectSpace;
}

/**
 * Starts the server on a free port. It knows the operations a backup needs: PutObject, GetObject (with ranges),
 * HeadObject, DeleteObject, ListObjects, ListObjectsV2, GetBucketWorm and multipart uploads. Signatures, Content-MD5,
 * part sizes and retention are enforced; answers carry CRC-64.
 */
export async function startOssServer(
  options: { readonly now?: () => number; readonly bucket?: string; readonly pageSize?: number } = {},
): Promise<OssServer> {
  const { now = Date.now, bucket = 'backups', pageSize = 1000 } = options;
  let keys: OssKeyPair = { accessKeyID: 'LTAItestkey', accessKeySecret: 'a/secret+of=tests', region: 'cn-test' };
  const space = new OssObjectSpace(now);
  const listener = await listenAsStore({
    sortOut: (message, url) => sortOutPathStyle(message, url, { beginUpload: 'InitiateMultipartUpload', ofBucket }),
    perform: (request) => {
      const wrong = checkSignature(request, keys, now());
      if (wrong !== undefined) {
        throw new OssRefusal(403, wrong);
      }
      if (request.bucket !== bucket) {
        throw new OssRefusal(404, 'NoSuchBucket', 'The specified bucket does not exist.');
      }
      return numbered(perform(request, space, pageSize));
    },
    refuse: refusal,
    faulty: ({ status, code = 'InternalError' }) => new OssRefusal(status, code, 'as the test asked'),
  });
  return {
    ...listener,
    bucket,
    space,
    get keys() {
      return keys;
    },
    rotate: (next) => {
      keys = next;
    },
  };
}

/** The service numbers every request. */
function numbered(answer: StoreAnswer): StoreAnswer {
  return { ...answer, headers: { 'x-oss-request-id': '5C3D9175B6FC201293AD4890', ...answer.headers } };
}

function ofBucket(query: URLSearchParams): string {
  if (query.has('worm')) {
    return 'GetBucketWorm';
  }
  if (query.has('uploads')) {
    return 'ListMultipartUploads';
  }
  return query.get('list-type') === '2' ? 'ListObjectsV2' : 'ListObjects';
}

function perform(call: StoreRequest, space: OssObjectSpace, pageSize: number): StoreAnswer {
  const { key, query, body } = call;
  const announcedMd5 = call.headers['content-md5'];
  if (announcedMd5 !== undefined && announcedMd5 !== md5(call.sent, 'base64')) {
    throw new OssRefusal(400, 'InvalidDigest', 'The Content-MD5 you specified is not valid.');
  }
  const uploadId = query.get('uploadId') ?? '';
  switch (call.operation) {
    case 'PutObject': {
      const object = space.put(key, body);
      return { status: 200, headers: { etag: object.etag, 'x-oss-hash-crc64ecma': object.crc64 } };
    }
    case 'GetObject':
    case 'HeadObject':
      return getObject(call, space);
    case 'DeleteObject':
      space.delete(key);
      return { status: 204 };
    case 'InitiateMultipartUpload': {
      const id = space.begin(key);
      return xmlAnswer(element('InitiateMultipartUploadResult', leaf('Key', key), leaf('UploadId', id)));
    }
    case 'UploadPart': {
      const part = space.putPart(uploadId, key, Number(query.get('partNumber')), body);
      return { status: 200, headers: { etag: part.etag, 'x-oss-hash-crc64ecma': crc64(part.body).toString() } };
    }
    case 'CompleteMultipartUpload': {
      const listed = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>\s*<ETag>([^<]*)<\/ETag>/g)];
      const object = space.complete(
        uploadId,
        key,
        listed.map(([, number, etag]) => ({ number: Number(number), etag: fromText(etag ?? '') })),
      );
      return {
        ...xmlAnswer(element('CompleteMultipartUploadResult', leaf('Key', key), leaf('ETag', object.etag))),
        headers: { etag: object.etag, 'x-oss-hash-crc64ecma': object.crc64 },
      };
    }
    case 'AbortMultipartUpload':
      space.abort(uploadId, key);
      return { status: 204 };
    case 'ListMultipartUploads':
      return xmlAnswer(
        element(
          'ListMultipartUploadsResult',
          leaf('IsTruncated', false),
          ...[...space.uploads].map(([id, { key: begun, begunAt }]) =>
            element(
              'Upload',
              leaf('Key', begun),
              leaf('UploadId', id),
              leaf('Initiated', new Date(begunAt).toISOString()),
            ),
          ),
        ),
      );
    case 'ListParts':
      return xmlAnswer(
        element(
          'ListPartsResult',
          leaf('IsTruncated', false),
          ...[...space.upload(uploadId, key).parts].map(([number, part]) =>
            element('Part', leaf('PartNumber', number), leaf('ETag', part.etag), leaf('Size', part.body.length)),
          ),
        ),
      );
    case 'ListObjects':
    case 'ListObjectsV2':
      return listObjects(call, space, pageSize);
    case 'GetBucketWorm': {
      if (space.wormDays === undefined) {
        throw new OssRefusal(404, 'NoSuchWORMConfiguration', 'The WORM Configuration does not exist.');
      }
      return xmlAnswer(
        element(
          'WormConfiguration',
          leaf('WormId', 'WORM1'),
          leaf('State', 'Locked'),
          leaf('RetentionPeriodInDays', space.wormDays),
        ),
      );
    }
    default:
      throw new OssRefusal(405, 'MethodNotAllowed');
  }
}

function getObject(call: StoreRequest, space: OssObjectSpace): StoreAnswer {
  const object = space.get(call.key);
  const headers = {
    etag: object.etag,
    'last-modified': new Date(object.modifiedAt).toUTCString(),
    'x-oss-hash-crc64ecma': object.crc64,
    'content-type': 'application/octet-stream',
  };
  const range = /^bytes=(\d+)-(\d*)$/.exec(call.headers.range ?? '');
  const start = Number(range?.[1]);
  const end = Math.min(range?.[2] ? Number(range[2]) + 1 : object.body.length, object.body.length);
  if (range === null || (start >= object.body.length && call.headers['x-oss-range-behavior'] !== 'standard')) {
    // The service sends the whole object when a range is outside of it, unless the request asks for the standard's behaviour.
    return headed(call, { status: 200, headers, body: object.body });
  }
  if (start >= end) {
    throw new OssRefusal(416, 'InvalidRange');
  }
  return headed(call, {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${start}-${end - 1}/${object.body.length}` },
    body: object.body.subarray(start, end),
  });
}

function headed(call: StoreRequest, answer: StoreAnswer): StoreAnswer {
  return call.operation === 'HeadObject'
    ? { status: answer.status, headers: { ...answer.headers, 'content-length': String(answer.body?.length ?? 0) } }
    : answer;
}

function listObjects({ operation, query }: StoreRequest, space: OssObjectSpace, pageSize: number): StoreAnswer {
  const second = operation === 'ListObjectsV2';
  const token = fromPageToken(query.get('continuation-token'));
  const { keys, folders, next } = keyPage(space.objects.keys(), {
    prefix: query.get('prefix') ?? '',
    after: second ? token || (query.get('start-after') ?? '') : (query.get('marker') ?? ''),
    most: Math.min(Number(query.get('max-keys') ?? '100'), pageSize),
    delimiter: query.get('delimiter'),
  });
  const shown = query.get('encoding-type') === 'url' ? encodeURIComponent : (key: string) => key;
  const marker = (key: string) => (second ? leaf('NextContinuationToken', toPageToken(key)) : leaf('NextMarker', key));
  return xmlAnswer(
    element(
      'ListBucketResult',
      leaf('IsTruncated', next !== undefined),
      ...(next === undefined ? [] : [marker(next)]),
      ...(second ? [leaf('KeyCount', keys.length)] : []),
      ...keys.map((key) => {
        const object = space.get(key);
        return element(
          'Contents',
          leaf('Key', shown(key)),
          leaf('LastModified', new Date(object.modifiedAt).toISOString()),
          leaf('ETag', object.etag),
          leaf('Type', 'Normal'),
          leaf('Size', object.body.length),
          leaf('StorageClass', 'Standard'),
          ...(second ? [] : [element('Owner', leaf('ID', '1'), leaf('DisplayName', 'test'))]),
        );
      }),
      ...folders.map((folder) => element('CommonPrefixes', leaf('Prefix', shown(folder)))),
    ),
  );
}

function refusal(error: unknown, { message }: { readonly message: IncomingMessage }): StoreAnswer {
  const known = error instanceof OssRefusal ? error : new OssRefusal(500, 'InternalError', String(error));
  const body = xmlDocument(
    element('Error', leaf('Code', known.code), leaf('Message', known.message), leaf('RequestId', 'TEST')),
  );
  return {
    status: known.status,
    headers: {
      'content-type': 'application/xml',
      ...(message.method === 'HEAD' ? { 'x-oss-err': body.toString('base64'), 'content-length': '0' } : {}),
    },
    body,
  };
}

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { crc64 } from '../../src/snapstore/providers/oss/crc64.ts';
import { corrupted, FaultDesk, type FaultHook, type HttpFault, sendBody } from './http-fault.ts';
import { md5, OssObjectSpace, OssRefusal } from './oss/object-space.ts';
import { checkSignature, type OssKeyPair } from './oss/signature.ts';
import { element, leaf, xmlDocument } from './oss/xml.ts';

/** A loopback Alibaba Cloud OSS with one bucket. */
export interface OssServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`; the bucket stands in the path. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly keys: OssKeyPair;
  /** What the bucket holds, for tests to look at and to fill. */
  readonly space: OssObjectSpace;
  /** How often each operation was called. */
  readonly calls: ReadonlyMap<string, number>;
  /** Sets what goes wrong from now on. */
  fault(hook: FaultHook): void;
  /** Connections that are open. */
  connections(): Promise<number>;
}

/** One request, read and sorted out. */
interface OssCall {
  readonly operation: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  readonly headers: IncomingMessage['headers'];
}

/** What is answered. */
interface OssAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/**
 * Starts the server on a free port. It knows the operations a backup needs: PutObject, GetObject (with ranges),
 * HeadObject, DeleteObject, ListObjects, ListObjectsV2, GetBucketWorm and multipart uploads. Signatures, Content-MD5,
 * part sizes and retention are enforced; answers carry CRC-64.
 */
export async function startOssServer(
  options: { readonly now?: () => number; readonly bucket?: string; readonly pageSize?: number } = {},
): Promise<OssServer> {
  const now = options.now ?? Date.now;
  const bucket = options.bucket ?? 'backups';
  const keys = { accessKeyID: 'LTAItestkey', accessKeySecret: 'a/secret+of=tests', region: 'cn-test' };
  const space = new OssObjectSpace(now);
  const desk = new FaultDesk();

  const serve = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(message);
    const call = sortOut(message, body);
    const fault = desk.enter(call.operation, call.key);
    if (fault?.kind === 'reset') {
      response.destroy();
      return;
    }
    if (fault?.kind === 'stall') {
      return;
    }
    let answer: OssAnswer;
    try {
      if (fault?.kind === 'status') {
        throw new OssRefusal(fault.status, fault.code ?? 'InternalError', 'as the test asked');
      }
      const wrong = checkSignature({ message, bucket: call.bucket, key: call.key, query: call.query }, keys, now());
      if (wrong !== undefined) {
        throw new OssRefusal(403, wrong);
      }
      if (call.bucket !== bucket) {
        throw new OssRefusal(404, 'NoSuchBucket', 'The specified bucket does not exist.');
      }
      answer = perform(fault?.kind === 'corrupt' ? { ...call, body: corrupted(call.body) } : call, space, {
        pageSize: options.pageSize ?? 1000,
        checkMd5: fault?.kind !== 'corrupt',
      });
    } catch (error) {
      answer = refusal(error, message, fault);
    }
    if (fault?.kind === 'lose answer') {
      response.destroy();
      return;
    }
    if (fault?.kind === 'delay') {
      await new Promise((resolve) => {
        setTimeout(resolve, fault.ms).unref();
      });
    }
    const bytes = fault?.kind === 'corrupt' && message.method === 'GET' ? corrupted(answer.body ?? empty) : answer.body;
    response.writeHead(answer.status, {
      'x-oss-request-id': 'TEST',
      'content-length': String((bytes ?? empty).length),
      ...answer.headers,
    });
    await sendBody(response, message.method === 'HEAD' ? empty : (bytes ?? empty), fault);
  };

  const server = createServer((message, response) => {
    serve(message, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    endpoint: `http://127.0.0.1:${port}`,
    bucket,
    keys,
    space,
    calls: desk.calls,
    fault: (hook) => {
      desk.hook = hook;
    },
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
      }),
    [Symbol.asyncDispose]: async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      server.closeAllConnections();
      await promise;
    },
  };
}

const empty = Buffer.alloc(0);

function sortOut(message: IncomingMessage, body: Buffer): OssCall {
  const url = new URL(message.url ?? '/', 'http://oss');
  const [bucket = '', ...rest] = url.pathname.slice(1).split('/');
  const key = decodeURIComponent(rest.join('/'));
  const query = url.searchParams;
  return {
    operation: operationOf(message.method ?? '', key, query),
    bucket,
    key,
    query,
    body,
    headers: message.headers,
  };
}

function operationOf(method: string, key: string, query: URLSearchParams): string {
  if (key === '') {
    if (query.has('worm')) {
      return 'GetBucketWorm';
    }
    if (query.has('uploads')) {
      return 'ListMultipartUploads';
    }
    return query.get('list-type') === '2' ? 'ListObjectsV2' : 'ListObjects';
  }
  const upload = query.has('uploadId');
  switch (method) {
    case 'PUT':
      return upload ? 'UploadPart' : 'PutObject';
    case 'POST':
      return upload ? 'CompleteMultipartUpload' : 'InitiateMultipartUpload';
    case 'DELETE':
      return upload ? 'AbortMultipartUpload' : 'DeleteObject';
    case 'HEAD':
      return 'HeadObject';
    default:
      return upload ? 'ListParts' : 'GetObject';
  }
}

function perform(
  call: OssCall,
  space: OssObjectSpace,
  rules: { readonly pageSize: number; readonly checkMd5: boolean },
): OssAnswer {
  const { key, query, body } = call;
  const announcedMd5 = call.headers['content-md5'];
  if (rules.checkMd5 && announcedMd5 !== undefined && announcedMd5 !== md5(body, 'base64')) {
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
      return xml(element('InitiateMultipartUploadResult', leaf('Key', key), leaf('UploadId', id)));
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
        listed.map(([, number, etag]) => ({ number: Number(number), etag: etag ?? '' })),
      );
      return {
        ...xml(element('CompleteMultipartUploadResult', leaf('Key', key), leaf('ETag', object.etag))),
        headers: { etag: object.etag, 'x-oss-hash-crc64ecma': object.crc64 },
      };
    }
    case 'AbortMultipartUpload':
      space.abort(uploadId, key);
      return { status: 204 };
    case 'ListMultipartUploads':
      return xml(
        element(
          'ListMultipartUploadsResult',
          leaf('IsTruncated', false),
          ...[...space.uploads].map(([id, upload]) => element('Upload', leaf('Key', upload.key), leaf('UploadId', id))),
        ),
      );
    case 'ListParts':
      return xml(
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
      return listObjects(call, space, rules.pageSize);
    case 'GetBucketWorm': {
      if (space.wormDays === undefined) {
        throw new OssRefusal(404, 'NoSuchWORMConfiguration', 'The WORM Configuration does not exist.');
      }
      return xml(
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

function getObject(call: OssCall, space: OssObjectSpace): OssAnswer {
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
    // The service answers with everything when a range lies outside, unless told to behave as the standard says.
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

function headed(call: OssCall, answer: OssAnswer): OssAnswer {
  return call.operation === 'HeadObject'
    ? { status: answer.status, headers: { ...answer.headers, 'content-length': String(answer.body?.length ?? 0) } }
    : answer;
}

function listObjects({ operation, query }: OssCall, space: OssObjectSpace, pageSize: number): OssAnswer {
  const second = operation === 'ListObjectsV2';
  const token = query.get('continuation-token');
  const after = second ? fromToken(token) || (query.get('start-after') ?? '') : (query.get('marker') ?? '');
  const most = Math.min(Number(query.get('max-keys') ?? '100'), pageSize);
  const matching = space.keys(query.get('prefix') ?? '', after);
  const keys = matching.slice(0, most);
  const truncated = matching.length > keys.length;
  const shown = query.get('encoding-type') === 'url' ? encodeURIComponent : (key: string) => key;
  const last = keys.at(-1) ?? '';
  const next = second ? leaf('NextContinuationToken', toToken(last)) : leaf('NextMarker', last);
  return xml(
    element(
      'ListBucketResult',
      leaf('IsTruncated', truncated),
      ...(truncated ? [next] : []),
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
    ),
  );
}

function toToken(key: string): string {
  return Buffer.from(key).toString('base64url');
}

function fromToken(token: string | null): string {
  return Buffer.from(token ?? '', 'base64url').toString();
}

function xml(root: string): OssAnswer {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: xmlDocument(root) };
}

function refusal(error: unknown, message: IncomingMessage, fault: HttpFault | undefined): OssAnswer {
  const known = error instanceof OssRefusal ? error : new OssRefusal(500, 'InternalError', String(error));
  const body = xmlDocument(
    element('Error', leaf('Code', known.code), leaf('Message', known.message), leaf('RequestId', 'TEST')),
  );
  const retryAfter = fault?.kind === 'status' && fault.retryAfter !== undefined ? fault.retryAfter : undefined;
  return {
    status: known.status,
    headers: {
      'content-type': 'application/xml',
      ...(message.method === 'HEAD' ? { 'x-oss-err': body.toString('base64'), 'content-length': '0' } : {}),
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
    },
    body,
  };
}

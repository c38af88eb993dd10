import type { IncomingMessage } from 'node:http';
import type { StoreAnswer, StoreRequest } from './store-listener.ts';
import { xmlDocument } from './xml.ts';

/** What S3 and the services made after it call differently. */
export interface S3Dialect {
  /** The operation that begins an upload in parts. */
  readonly beginUpload: string;
  /** The operation of a request about the bucket itself. */
  ofBucket(query: URLSearchParams): string;
}

/** Parses a request: the path is bucket and key, method and query name the operation. */
export function sortOutPathStyle(
  message: IncomingMessage,
  url: URL,
  dialect: S3Dialect,
): Pick<StoreRequest, 'operation' | 'bucket' | 'key'> {
  const [bucket = '', ...rest] = url.pathname.slice(1).split('/');
  const key = decodeURIComponent(rest.join('/'));
  const query = url.searchParams;
  const operation = key === '' ? dialect.ofBucket(query) : ofObject(message.method ?? '', query, dialect);
  return { operation, bucket, key };
}

function ofObject(method: string, query: URLSearchParams, { beginUpload }: S3Dialect): string {
  const upload = query.has('uploadId');
  switch (method) {
    case 'PUT':
      return upload ? 'UploadPart' : 'PutObject';
    case 'POST':
      return upload ? 'CompleteMultipartUpload' : beginUpload;
    case 'DELETE':
      return upload ? 'AbortMultipartUpload' : 'DeleteObject';
    case 'HEAD':
      return 'HeadObject';
    default:
      if (query.has('tagging')) {
        return 'GetObjectTagging';
      }
      return upload ? 'ListParts' : 'GetObject';
  }
}

/** An answer that is an XML document. */
export function xmlAnswer(root: string): StoreAnswer {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: xmlDocument(root) };
}

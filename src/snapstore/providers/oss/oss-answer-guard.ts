import type { IncomingMessage } from 'node:http';
import { type ForeignAnswer, foreignMessage, requireWholeXml, rootElement } from '../../http/foreign-answer.ts';

/** A request, as far as its answer depends on it. */
interface Asked {
  readonly url: string;
  readonly method: string;
}

/**
 * Throws a {@link ForeignAnswer} unless this success is what the service answers to this request: the SDK takes every absent field
 * for nothing. `body` is undefined when the caller reads it as a stream.
 */
export function admitAnswer(asked: Asked, response: IncomingMessage, body: Buffer | undefined): void {
  const expected = expectedRoot(asked);
  const text = body?.toString('utf8', 0, 4096);
  if (expected === undefined ? isOfService(response) : rootElement(text ?? '') === expected) {
    if (expected !== undefined && body !== undefined) {
      requireWholeXml(body);
    }
    return;
  }
  throw foreignAnswer(asked, response, text);
}

/** The error for an answer that another service gave. */
export function foreignAnswer({ url }: Asked, response: IncomingMessage, text: string | undefined): ForeignAnswer {
  response.destroy();
  return foreignMessage({ service: 'OSS', url }, response, text);
}

/** The root element of an answer that is XML; see each operation in the API reference of OSS. */
function expectedRoot({ url, method }: Asked): string | undefined {
  const { searchParams } = new URL(url);
  if (method === 'GET') {
    return searchParams.has('list-type')
      ? 'ListBucketResult'
      : searchParams.has('worm')
        ? 'WormConfiguration'
        : searchParams.has('uploads')
          ? 'ListMultipartUploadsResult'
          : undefined;
  }
  if (method === 'POST') {
    return searchParams.has('uploads') ? 'InitiateMultipartUploadResult' : 'CompleteMultipartUploadResult';
  }
  return undefined;
}

/** The service puts the number of the request into every answer, and objects and parts have an ETag. */
function isOfService({ headers }: IncomingMessage): boolean {
  return headers['x-oss-request-id'] !== undefined || headers.etag !== undefined;
}

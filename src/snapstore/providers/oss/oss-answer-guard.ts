import type { IncomingMessage } from 'node:http';
import { limits } from '../../../runtime/limits.ts';
import { ForeignAnswer, foreignMessage, requireWholeXml, rootElement } from '../../http/foreign-answer.ts';
import { areSizesWritten, unwrittenSize } from '../../http/listed-sizes.ts';
import { truncationMark, unknownEnd } from '../../http/truncation-mark.ts';

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
  if (expected === undefined ? isOfService(asked, response) : rootElement(text ?? '') === expected) {
    if (expected !== undefined && body !== undefined) {
      requireWholeXml(body);
      if (expected === LISTING) {
        requireListing(asked, body);
      }
    }
    return;
  }
  throw foreignAnswer(asked, response, text);
}

/**
 * Whether a success is one of those that the service has for a request. The SDK takes any other for a refusal, and looks in whatever came for
 * its reason.
 */
export function isSuccessOf(asked: Asked, { statusCode }: Pick<IncomingMessage, 'statusCode'>): boolean {
  switch (asked.method) {
    case 'DELETE':
      return statusCode === 204;
    case 'GET':
      return statusCode === 200 || (statusCode === 206 && expectedRoot(asked) === undefined);
    default:
      return statusCode === 200;
  }
}

/** The most that is read of a success, bytes: a page of a listing is large, and what is no XML is not looked at. */
export function mostOfSuccess(asked: Asked): number {
  return expectedRoot(asked) === undefined ? limits.storeRefusal.most : limits.storeAnswer.most;
}

/** The error for an answer that another service gave. */
export function foreignAnswer({ url }: Asked, response: IncomingMessage, text: string | undefined): ForeignAnswer {
  response.destroy();
  return foreignMessage({ service: 'OSS', url }, response, text);
}

/** The SDK takes all marks but one for the end, and leaves out entries in which nothing is. */
function requireListing({ url }: Asked, body: Buffer): void {
  const mark = truncationMark(body);
  const text = body.toString();
  const sent =
    mark !== 'true' && mark !== 'false'
      ? unknownEnd
      : /<Contents\s*(\/>|>\s*<\/Contents\s*>)/.test(text)
        ? 'a listing of an object without its name'
        : areSizesWritten(text, 'Size')
          ? undefined
          : unwrittenSize;
  if (sent !== undefined) {
    throw new ForeignAnswer({ service: 'OSS', endpoint: new URL(url).origin, sent });
  }
}

const LISTING = 'ListBucketResult';

/** The root element of an answer that is XML; see each operation in the API reference of OSS. */
function expectedRoot({ url, method }: Asked): string | undefined {
  const { searchParams } = new URL(url);
  if (method === 'GET') {
    return searchParams.has('list-type')
      ? LISTING
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

/** The service puts the number of the request into every answer, and objects and parts have an ETag, without which a part is of no use. */
function isOfService({ url, method }: Asked, { headers }: IncomingMessage): boolean {
  const isPart = method === 'PUT' && new URL(url).searchParams.has('partNumber');
  const hasTag = headers.etag !== undefined && headers.etag.trim() !== '';
  return hasTag || (!isPart && headers['x-oss-request-id'] !== undefined);
}

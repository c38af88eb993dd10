import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { limits } from '../../../runtime/limits.ts';
import {
  type AnswerFacts,
  describeAnswer,
  ForeignAnswer,
  isPage,
  requireWholeXml,
  rootElement,
} from '../../http/foreign-answer.ts';
import { areSizesWritten, unwrittenSize } from '../../http/listed-sizes.ts';
import { truncationMark, unknownEnd } from '../../http/truncation-mark.ts';
import { parseRefusal, S3Refusal } from './s3-refusal.ts';

/** The root element of each answer that is XML; see the actions in the S3 API reference. */
const ROOTS: Readonly<Record<string, string>> = {
  ListObjectsV2Command: 'ListBucketResult',
  ListObjectVersionsCommand: 'ListVersionsResult',
  ListMultipartUploadsCommand: 'ListMultipartUploadsResult',
  ListPartsCommand: 'ListPartsResult',
  GetBucketVersioningCommand: 'VersioningConfiguration',
  GetObjectLockConfigurationCommand: 'ObjectLockConfiguration',
  GetObjectTaggingCommand: 'Tagging',
  CreateMultipartUploadCommand: 'InitiateMultipartUploadResult',
  CompleteMultipartUploadCommand: 'CompleteMultipartUploadResult',
};

/** The listings of objects, which end where their mark says so. */
const LISTINGS: ReadonlySet<string> = new Set(['ListObjectsV2Command', 'ListObjectVersionsCommand']);

/** Answers about one object: they have no XML. */
const OF_OBJECTS: ReadonlySet<string> = new Set(['HeadObjectCommand', 'GetObjectCommand', 'UploadPartCommand']);

/** A response as it comes over the wire; the SDK's deserializer takes its body as a stream or as bytes. */
interface WireResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  body?: unknown;
}

/**
 * Lets only answers through that an S3 service gives, before the SDK looks for fields in them: it would take a login page for
 * a listing without objects. Throws {@link ForeignAnswer}, and {@link S3Refusal} for errors.
 */
export function guardAnswers(client: S3Client): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      const response = result.response as WireResponse;
      const call = { command: String(context.commandName), endpoint: endpointOf(args.request) };
      if (response.statusCode >= 300) {
        await refuse(response, call);
      }
      await admit(response, call);
      return result;
    },
    // Nearer to the wire than all that parses.
    { step: 'deserialize', priority: 'low', name: 'answerGuard' },
  );
}

interface Call {
  readonly command: string;
  readonly endpoint: string;
}

async function admit(response: WireResponse, call: Call): Promise<void> {
  const { headers } = response;
  if (OF_OBJECTS.has(call.command)) {
    const isOne = call.command === 'UploadPartCommand' ? headers['etag'] !== undefined : isOfObject(response);
    if (!isOne || (isPage({ contentType: typeOf(response), text: undefined }) && !isOfAws(headers))) {
      discard(response.body);
      throw foreign(response, call, headers['content-length'] === '0' ? '' : undefined);
    }
    return;
  }
  const bytes = await collect(response.body, limits.storeAnswer.most);
  response.body = bytes.content;
  const text = Buffer.from(
    bytes.content.buffer,
    bytes.content.byteOffset,
    Math.min(bytes.content.length, limits.storeRefusal.most),
  );
  const root = rootElement(text.toString());
  if (root === 'Error') {
    throw refusalOf(response, text.toString(), call);
  }
  const expected = ROOTS[call.command];
  // A deletion has no content. What has some is no deletion.
  const isPart = response.statusCode === 206;
  const whole = expected === undefined ? text.toString().trim() === '' : root === expected && !isPart;
  if (bytes.cut || !whole) {
    throw foreign(response, call, text.toString());
  }
  if (expected !== undefined) {
    requireWholeXml(bytes.content);
  }
  if (LISTINGS.has(call.command)) {
    requireListing(bytes.content, call);
  }
}

function requireListing(content: Uint8Array, { endpoint }: Call): void {
  const mark = truncationMark(content);
  const isMarked = mark === undefined || /^(true|false)$/i.test(mark);
  if (!isMarked || !areSizesWritten(Buffer.from(content).toString(), 'Size')) {
    throw new ForeignAnswer({ service: 'S3 service', endpoint, sent: isMarked ? unwrittenSize : unknownEnd });
  }
}

async function refuse(response: WireResponse, call: Call): Promise<never> {
  const { content } = await collect(response.body, limits.storeRefusal.most);
  throw refusalOf(response, Buffer.from(content).toString(), call);
}

function refusalOf(response: WireResponse, text: string, call: Call): S3Refusal {
  const { statusCode: status, headers } = response;
  const parsed = parseRefusal(text);
  const facts = {
    status,
    contentType: typeOf(response),
    text: text === '' ? undefined : text,
    location: headers['location'],
  };
  const isForeign = parsed === undefined && !isOfAws(headers) && (text.trim() !== '' || isPage(facts) || status < 400);
  return new S3Refusal(
    { status, code: '', text: '', ...parsed, headers, ...(isForeign && { foreign: foreignOf(facts, call) }) },
    response,
  );
}

function foreign(response: WireResponse, call: Call, text: string | undefined): ForeignAnswer {
  return foreignOf({ status: response.statusCode, contentType: typeOf(response), text }, call);
}

function foreignOf(facts: AnswerFacts, { endpoint }: Call): ForeignAnswer {
  return new ForeignAnswer({ service: 'S3 service', endpoint, sent: describeAnswer(facts) });
}

function typeOf({ headers }: WireResponse): string | undefined {
  return headers['content-type'];
}

/** Whether an answer may be that of one object: services name it by its ETag; of one that names nothing, type and length must do. */
function isOfObject({ headers }: WireResponse): boolean {
  if (headers['etag'] !== undefined || headers['last-modified'] !== undefined || isOfAws(headers)) {
    return true;
  }
  const { 'content-type': type = '', 'content-length': length } = headers;
  return (type === '' || /octet-stream|gzip|zlib/i.test(type)) && length !== '0';
}

/** Whether an answer has a header that only S3 services send. */
function isOfAws(headers: WireResponse['headers']): boolean {
  return Object.keys(headers).some((name) => name.startsWith('x-amz-'));
}

/** The content of an answer, cut after `most` bytes; then the rest is not waited for. */
async function collect(body: unknown, most: number): Promise<{ readonly content: Uint8Array; readonly cut: boolean }> {
  if (body instanceof Uint8Array) {
    return { content: body.subarray(0, most), cut: body.length > most };
  }
  if (!(body instanceof Readable)) {
    return { content: new Uint8Array(), cut: false };
  }
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body as AsyncIterable<Uint8Array>) {
    pieces.push(piece);
    size += piece.length;
    if (size > most) {
      break;
    }
  }
  return { content: Buffer.concat(pieces).subarray(0, most), cut: size > most };
}

/** Ends a body that nobody reads. */
function discard(body: unknown): void {
  if (body instanceof Readable) {
    body.on('error', () => undefined);
    body.destroy();
  }
}

/** Scheme, host and port of a request. */
function endpointOf(request: unknown): string {
  const {
    protocol = 'https:',
    hostname = '',
    port,
  } = request as {
    readonly protocol?: string;
    readonly hostname?: string;
    readonly port?: number;
  };
  return `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;
}

import type { RequestPolicyFactory } from '@azure/storage-blob';
import {
  type AnswerFacts,
  describeAnswer,
  ForeignAnswer,
  isPage,
  requireWholeXml,
  rootElement,
} from '../../http/foreign-answer.ts';
import { areSizesWritten, unwrittenSize } from '../../http/listed-sizes.ts';

/** What the guard looks at of an answer, as the SDK hands it through its policies. */
export interface AbsAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | undefined };
  readonly bodyAsText?: string | null | undefined;
  /** What the SDK has read of the headers; a property that is set here is what it goes on with. */
  readonly parsedHeaders?: object | undefined;
}

/**
 * Lets only answers through that a Blob service gives; answers that the SDK cannot parse at all fail before they come here. A download
 * without its length gets that of its range.
 */
export function guardedAnswers(): RequestPolicyFactory {
  return {
    create: (next) => ({
      sendRequest: async (request) => {
        const answer = await next.sendRequest(request);
        const url = new URL(request.url);
        if (!isOfBlobs(answer, { method: request.method, operation: url.searchParams.get('comp') ?? '' })) {
          throw foreignAnswer(answer, url.origin);
        }
        if (typeof answer.bodyAsText === 'string' && rootElement(answer.bodyAsText) !== undefined) {
          requireWholeXml(Buffer.from(answer.bodyAsText));
        }
        requireSizes(answer, url);
        addLength(answer);
        return answer;
      },
    }),
  };
}

/** An answer of something else, in words. */
export function foreignAnswer(answer: AbsAnswer, endpoint: string): ForeignAnswer {
  return new ForeignAnswer({ service: 'Blob service', endpoint, sent: describeAnswer(factsOf(answer)) });
}

/** Whether an error is a page, or comes without what each answer of the service has: then it does not come from the service. */
export function isForeignRefusal(answer: AbsAnswer): boolean {
  const facts = factsOf(answer);
  return !isOfAzure(answer) && rootElement(facts.text ?? '') !== 'Error' && (facts.text ?? '').trim() !== '';
}

/** Whether an answer of success is one of the service: XML is known by its root, others by the headers or status that only it gives. */
function isOfBlobs(
  answer: AbsAnswer,
  { method, operation }: { readonly method: string; readonly operation: string },
): boolean {
  if (answer.status >= 300) {
    return true;
  }
  if (method === 'GET' && operation === 'list') {
    return rootElement(answer.bodyAsText ?? '') === 'EnumerationResults';
  }
  if (method === 'GET' && operation === 'blocklist') {
    return rootElement(answer.bodyAsText ?? '') === 'BlockList';
  }
  if (method === 'PUT' || method === 'DELETE') {
    return answer.status === (method === 'PUT' ? 201 : 202);
  }
  return isOfAzure(answer) || (answer.headers.get('etag') !== undefined && !isPage(factsOf(answer)));
}

function isOfAzure({ headers }: AbsAnswer): boolean {
  return headers.get('x-ms-request-id') !== undefined || headers.get('x-ms-version') !== undefined;
}

function requireSizes({ bodyAsText }: AbsAnswer, { origin, searchParams }: URL): void {
  if (searchParams.get('comp') === 'list' && !areSizesWritten(bodyAsText ?? '', 'Content-Length')) {
    throw new ForeignAnswer({ service: 'Blob service', endpoint: origin, sent: unwrittenSize });
  }
}

/** Gateways that send bodies in pieces leave out the length, without which the SDK reads nothing. */
function addLength({ status, headers, parsedHeaders }: AbsAnswer): void {
  const [, from, to] = /^bytes (\d+)-(\d+)\//.exec(headers.get('content-range') ?? '') ?? [];
  if (
    status === 206 &&
    headers.get('content-length') === undefined &&
    from !== undefined &&
    parsedHeaders !== undefined
  ) {
    Object.assign(parsedHeaders, { contentLength: Number(to) - Number(from) + 1 });
  }
}

function factsOf({ status, headers, bodyAsText }: AbsAnswer): AnswerFacts {
  return {
    status,
    contentType: headers.get('content-type'),
    text: bodyAsText ?? undefined,
    location: headers.get('location'),
  };
}

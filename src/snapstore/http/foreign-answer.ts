import type { IncomingMessage } from 'node:http';
import { BodyFault } from './body-fault.ts';

/** The longest beginning of an answer that is looked at to say what it is, characters. */
const SNIFFED = 512;

const EMPTY = 'an empty answer';

/** An answer that no store of this kind gives: something else answers at its address. */
export class ForeignAnswer extends Error {
  /** True for one of which nothing came but its head. */
  readonly isEmpty: boolean;

  /**
   * @param service what was expected: `S3 service`
   * @param endpoint scheme, host and port of what answers
   * @param sent what came instead, see {@link describeAnswer}
   */
  constructor({
    service,
    endpoint,
    sent,
  }: {
    readonly service: string;
    readonly endpoint: string;
    readonly sent: string;
  }) {
    super(`what answers at ${endpoint} is no ${service}: it sent ${sent}`);
    this.name = 'ForeignAnswer';
    this.isEmpty = sent.startsWith(EMPTY);
  }
}

/** The {@link ForeignAnswer} to a request at `url` from a message of Node's HTTP client and, where it was read, its body. */
export function foreignMessage(
  { service, url }: { readonly service: string; readonly url: string },
  { statusCode = 0, headers }: IncomingMessage,
  text: string | undefined,
): ForeignAnswer {
  const { location, 'content-type': contentType } = headers;
  const sent = describeAnswer({ status: statusCode, contentType, text, location });
  return new ForeignAnswer({ service, endpoint: new URL(url).origin, sent });
}

/** What to do about a {@link ForeignAnswer}. */
export const foreignAnswerRemedy =
  'check the endpoint, and every proxy, login page or load balancer on the way to the store';

/** What is known of an answer whose content is not that of the store. */
export interface AnswerFacts {
  readonly status: number;
  readonly contentType: string | undefined;
  /** Its beginning at least; undefined when it was not read. */
  readonly text: string | undefined;
  /** Of a redirection. */
  readonly location?: string | undefined;
}

/** Says in a few words what an answer is, without quoting more of it than the name of its first element. */
export function describeAnswer({ status, contentType, text, location }: AnswerFacts): string {
  if (status >= 300 && status < 400 && location !== undefined) {
    return `a redirection (${status}) to ${placeOf(location)}`;
  }
  return `${contentOf(contentType, text)} (status ${status})`;
}

/** Whether an answer, by its type or its beginning, is a page for people. */
export function isPage({ contentType, text }: Pick<AnswerFacts, 'contentType' | 'text'>): boolean {
  return /^\s*(<!doctype html|<html)/i.test(text?.slice(0, SNIFFED) ?? '') || /^text\/html/i.test(contentType ?? '');
}

/** The name of an XML document's root element, with its prefix; undefined when the text is no XML document. */
export function rootElement(text: string): string | undefined {
  const begun = text.trimStart().slice(0, 4 * SNIFFED);
  const found = /^(?:<\?[^>]*\?>\s*|<!--.*?-->\s*)*<([A-Za-z_][\w.:-]{0,127})[\s/>]/s.exec(begun);
  return found?.[1];
}

/**
 * Throws a {@link BodyFault} when an XML document does not end with its root element: a proxy that gives up in the middle may end an
 * answer as if it were whole, and parsers differ in what they make of the rest.
 */
export function requireWholeXml(document: Uint8Array): void {
  const bytes = Buffer.from(document.buffer, document.byteOffset, document.byteLength);
  const root = rootElement(bytes.toString('utf8', 0, 8 * SNIFFED));
  const end = bytes.subarray(-SNIFFED).toString().trimEnd();
  const isEmptyRoot = end.endsWith('/>') && end.slice(end.lastIndexOf('<')).startsWith(`<${root}`);
  if (!(isEmptyRoot || end.endsWith(`</${root}>`))) {
    throw new BodyFault('the answer was cut short');
  }
}

function contentOf(contentType: string | undefined, text: string | undefined): string {
  if (isPage({ contentType, text })) {
    return 'a page of HTML';
  }
  const begun = text?.slice(0, SNIFFED).trim() ?? '';
  if (text !== undefined && begun === '') {
    return EMPTY;
  }
  if (/^[{["]/.test(begun) || /json/i.test(contentType ?? '')) {
    return 'JSON';
  }
  const root = rootElement(text ?? '');
  return root === undefined ? 'something else' : `XML that begins with <${root}>`;
}

/** Scheme, host and port of a URL; path and query may hold secrets. */
function placeOf(location: string): string {
  return URL.canParse(location) ? new URL(location).origin : 'another path';
}

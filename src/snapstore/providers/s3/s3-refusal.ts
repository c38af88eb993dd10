import type { ForeignAnswer } from '../../http/foreign-answer.ts';

/** What an answer of S3 says that is no success. */
export interface S3RefusalParts {
  readonly status: number;
  /** The service's error code, such as `NoSuchUpload`; empty where the answer has none. */
  readonly code: string;
  /** What it says to people; empty where it says nothing. May quote what was sent. */
  readonly text: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Set when it was no S3 service that refused. */
  readonly foreign?: ForeignAnswer;
}

/** A request that an S3 service refused, in its own terms ("Error responses" of the S3 API reference). */
export class S3Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly foreign: ForeignAnswer | undefined;
  /** The SDK sets its clock by the answer's header `Date`, which it looks for here. */
  readonly $response: unknown;
  readonly $metadata: { readonly httpStatusCode: number };

  constructor({ status, code, text, headers, foreign }: S3RefusalParts, response: unknown) {
    super(`${status} ${code}`);
    this.name = code === '' ? 'S3Refusal' : code;
    this.status = status;
    this.code = code;
    this.text = text;
    this.headers = headers;
    this.foreign = foreign;
    Object.defineProperty(this, '$response', { value: response, enumerable: false });
    this.$metadata = { httpStatusCode: status };
  }
}

/** Reads the XML of an error. Undefined when it is none. */
export function parseRefusal(xml: string): Pick<S3RefusalParts, 'code' | 'text'> | undefined {
  const code = /<Code>\s*([A-Za-z][\w.]{0,99})\s*<\/Code>/.exec(xml)?.[1];
  if (code === undefined) {
    return undefined;
  }
  return { code, text: /<Message>([^<]{0,500})/.exec(xml)?.[1]?.trim() ?? '' };
}

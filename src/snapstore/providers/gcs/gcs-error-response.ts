/** A response of the JSON API that is no success ("HTTP status and error codes for JSON"). */
export class GcsErrorResponse extends Error {
  readonly status: number;
  /** The service's reason, such as `conditionNotMet`; empty when it gave none. */
  readonly reason: string;
  /** The header `Retry-After`; undefined when there was none. */
  readonly retryAfter: string | undefined;

  constructor(status: number, body: string, retryAfter?: string) {
    const { reason, message } = parseError(body);
    super(message === '' ? `status ${status}` : message);
    this.name = 'GcsErrorResponse';
    this.status = status;
    this.reason = reason;
    this.retryAfter = retryAfter;
  }
}

function parseError(body: string): { readonly reason: string; readonly message: string } {
  const error = field(parse(body), 'error');
  const errors = field(error, 'errors');
  const reason = field(Array.isArray(errors) ? errors[0] : undefined, 'reason');
  const message = field(error, 'message');
  return {
    reason: typeof reason === 'string' ? reason : '',
    message: typeof message === 'string' ? message : '',
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

import type { FaultHook, ScriptedAnswer } from './http-fault.ts';

/** One step: an answer of the script, or the server's own. */
export type ScriptStep = ScriptedAnswer | 'proper';

/**
 * What is answered to each kind of request, by the name of its operation; `*` stands for all that are not named. Of a list the
 * n-th step answers the n-th request of its kind, and the last step all further ones.
 */
export type AnswerScript = Readonly<Record<string, ScriptStep | readonly ScriptStep[]>>;

/** A hook for a loopback store or a fault proxy that plays a script. Kinds that the script does not name are answered properly. */
export function playAnswers(script: AnswerScript): FaultHook {
  const counts = new Map<string, number>();
  return ({ operation }) => {
    const count = counts.get(operation) ?? 0;
    counts.set(operation, count + 1);
    const written = script[operation] ?? script['*'] ?? 'proper';
    const steps = isList(written) ? written : [written];
    const step = steps[Math.min(count, steps.length - 1)] ?? 'proper';
    return step === 'proper' ? undefined : { kind: 'answer', answer: step };
  };
}

function isList(written: ScriptStep | readonly ScriptStep[]): written is readonly ScriptStep[] {
  return Array.isArray(written);
}

/** An answer whose body is a page of HTML, as load balancers, portals and proxies give it. */
export function htmlAnswer(status: number, headers: Readonly<Record<string, string>> = {}): ScriptedAnswer {
  const body = '<!doctype html><html><head><title>Login</title></head><body><p>Login</p></body></html>';
  return { status, headers: { 'content-type': 'text/html; charset=utf-8', ...headers }, body };
}

/** An answer of XML; `body` is the root element. */
export function xmlStep(
  body: string,
  more: Partial<Omit<ScriptedAnswer, 'body'>> = {},
): ScriptedAnswer & { readonly body: string } {
  const headers = { 'content-type': 'application/xml', ...more.headers };
  return { status: 200, ...more, headers, body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}` };
}

/** An error as S3 and OSS write it. */
export function xmlRefusal(status: number, code: string, message = code): ScriptedAnswer {
  return xmlStep(`<Error><Code>${code}</Code><Message>${message}</Message><RequestId>1</RequestId></Error>`, {
    status,
  });
}

/** Answers 200 that no store of objects gives, each to any request: what stands there is another program. */
export const foreignAnswers: Readonly<Record<string, ScriptedAnswer>> = {
  'a page of HTML': htmlAnswer(200),
  'an empty body': { status: 200, body: '' },
  'an empty JSON object': { status: 200, headers: { 'content-type': 'application/json' }, body: '{}' },
  'JSON of another service': {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: '{"status":"ok","items":null,"version":"1.2"}',
  },
  'JSON that is a text': { status: 200, headers: { 'content-type': 'application/json' }, body: '"pong"' },
  'foreign XML': xmlStep('<rss version="2.0"><channel><title>News</title></channel></rss>'),
  'plain text': { status: 200, headers: { 'content-type': 'text/plain' }, body: 'OK' },
};

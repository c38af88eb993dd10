import { foreignText } from '../../runtime/log/cut-text.ts';

/** What gRPC puts before the error of a connection, and after it. */
const before = 'Last error: ';
const after = 'Resolution note:';

/** OpenSSL's own form: `40CD64…:error:0A00045C:SSL routines:FUNCTION:REASON:FILE:LINE:`. Only the reason says something. */
const openSsl =
  /(?:\b[0-9A-F]{8,16}:)?error:[0-9A-F]{8}:[^:]{0,60}:[^:]{0,60}:([^:]{0,120}):[^:]{0,200}:\d{1,6}:?(?:SSL alert number \d{1,3})?/g;

/** Advice for programs that are run with Node. */
const advice = /; if the root CA is installed locally, try running Node\.js with --use-system-ca/g;

/** What Node says of a connection, by the name of its error; what is asked once more may go well, and then this is all there is. */
const ofSocket = /\b(?:connect|read|write|getaddrinfo) (E[A-Z_]{3,20})(?: [^\s,;]{1,300})?/g;
const socketErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused, nothing listened there',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ENOTFOUND: 'the name has no address',
  EAI_AGAIN: 'the name could not be looked up',
  EHOSTUNREACH: 'no answer, as no way leads to the host',
  ENETUNREACH: 'no answer, as no way leads to the network',
  ETIMEDOUT: 'no answer in time',
};

/** The details of a gRPC error, cut, without what gRPC, OpenSSL and Node add for programmers. */
export function plainDetails(details: string): string {
  const text = foreignText(details);
  const begin = text.indexOf(before);
  const inner = begin < 0 ? text : text.slice(begin + before.length);
  const end = inner.lastIndexOf(after);
  return (end < 0 ? inner : inner.slice(0, end))
    .replace(/\bError: /g, '')
    .replace(openSsl, '$1')
    .replace(ofSocket, (said: string, code: string) => socketErrors[code] ?? said)
    .replace(advice, '')
    .trim()
    .replace(/\.$/, '');
}

import type { S3Client } from '@aws-sdk/client-s3';
import { isReadable } from '../../http/secrets-in-clear.ts';
import { StoreError } from '../../store-error.ts';

/** Headers whose value is a secret that travels: all else only signs. */
const secretHeaders: readonly string[] = [
  'x-amz-security-token',
  'x-amz-server-side-encryption-customer-key',
  'x-amz-copy-source-server-side-encryption-customer-key',
];

/**
 * Makes a client refuse a request that would carry a session token or a customer key in clear to another machine, wherever endpoint
 * and credentials came from: the SDK finds both in variables and files of its own, too.
 */
export function refuseHeadersInClear(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (step) => {
      const request = step.request;
      if (isSent(request) && isReadable(`${request.protocol}//${request.hostname}`)) {
        const header = Object.keys(request.headers).find((name) => secretHeaders.includes(name.toLowerCase()));
        if (header !== undefined) {
          throw new StoreError('invalid', {
            action: 'send a request to',
            object: `http://${request.hostname}`,
            found: header.includes('customer-key')
              ? 'the customer key would travel in clear'
              : 'the session token of the credentials would travel in clear',
            remedy: 'write https:// in the endpoint',
          });
        }
      }
      return await next(step);
    },
    // The lowest priority of the last step: after the signature, which adds the token.
    { step: 'finalizeRequest', priority: 'low', name: 'refuseHeadersInClear' },
  );
}

interface SentRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly headers: Readonly<Record<string, string>>;
}

function isSent(request: unknown): request is SentRequest {
  return typeof request === 'object' && request !== null && 'hostname' in request && 'headers' in request;
}

import { AwsRefusal } from './aws-refusal.ts';
import type { S3Caller } from './s3-server.ts';
import { listenAsStore, type StoreListener } from './store-listener.ts';
import { element, leaf, xmlDocument } from './xml.ts';

/** What somebody asked for. */
export interface StsRequest {
  readonly token: string;
  readonly role: string;
  readonly session: string;
}

/** A loopback AWS STS that exchanges web identity tokens for temporary keys. */
export interface StsServer extends StoreListener {
  /** All requests, refused ones as well. */
  readonly requests: readonly StsRequest[];
  /** The one token that is good; others have expired. */
  token: string;
  /** Whether these are the keys given out last: older ones count as expired. */
  admits(caller: S3Caller): boolean;
}

/** The role that can be taken here. */
export const stsRole = 'arn:aws:iam::123456789012:role/backup';

/**
 * Starts the server on a free port. Keys live for `lifetimeMs`; the SDK asks for new ones with every request in the last five
 * minutes. `onIssued` is called with the number of keys given out so far.
 */
export async function startStsServer(options: {
  readonly token: string;
  readonly lifetimeMs: number;
  readonly onIssued?: (server: StsServer, count: number) => void;
}): Promise<StsServer> {
  const requests: StsRequest[] = [];
  let issued = 0;
  const listener = await listenAsStore({
    sortOut: () => ({ operation: 'AssumeRoleWithWebIdentity', bucket: '', key: '' }),
    perform: ({ sent }) => {
      const form = new URLSearchParams(sent.toString());
      const token = form.get('WebIdentityToken') ?? '';
      const role = form.get('RoleArn') ?? '';
      requests.push({ token, role, session: form.get('RoleSessionName') ?? '' });
      if (form.get('Action') !== 'AssumeRoleWithWebIdentity') {
        throw new AwsRefusal(400, 'InvalidAction');
      }
      if (role !== stsRole) {
        throw new AwsRefusal(403, 'AccessDenied');
      }
      if (token !== server.token) {
        throw new AwsRefusal(400, 'ExpiredTokenException');
      }
      issued += 1;
      options.onIssued?.(server, issued);
      const keys = [
        leaf('AccessKeyId', `ASIA${issued}`),
        leaf('SecretAccessKey', `secret-${issued}`),
        leaf('SessionToken', `session-${issued}`),
        leaf('Expiration', new Date(Date.now() + options.lifetimeMs).toISOString()),
      ];
      const result = element('AssumeRoleWithWebIdentityResult', element('Credentials', ...keys));
      return { status: 200, body: answer(element('AssumeRoleWithWebIdentityResponse', result)) };
    },
    refuse: (error) => {
      const { status, code } = error instanceof AwsRefusal ? error : new AwsRefusal(500, String(error));
      const content = element('Error', leaf('Type', 'Sender'), leaf('Code', code), leaf('Message', code));
      return { status, body: answer(element('ErrorResponse', content)) };
    },
    faulty: ({ status, code = 'InternalFailure' }) => new AwsRefusal(status, code),
  });
  const server: StsServer = {
    ...listener,
    requests,
    token: options.token,
    admits: ({ accessKeyID, sessionToken }) => accessKeyID === `ASIA${issued}` && sessionToken === `session-${issued}`,
  };
  return server;
}

function answer(root: string): Buffer {
  return xmlDocument(root);
}

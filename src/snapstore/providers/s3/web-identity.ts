import { fromWebToken } from '@aws-sdk/credential-provider-web-identity';
import type { Clock } from '../../../runtime/clock.ts';
import { Failure } from '../../../runtime/failure.ts';
import { readWebIdentityToken } from '../../credentials/aws.ts';
import { kindOfNetworkError, kindOfStatus } from '../../http/error-kind.ts';
import { foreignAnswerRemedy } from '../../http/foreign-answer.ts';
import { storeAgents } from '../../http/store-agents.ts';
import type { StoreNetwork } from '../../http/store-network.ts';
import { StoreError, type StoreErrorKind } from '../../store-error.ts';

/** How the identity shows up in the records of AWS. */
const SESSION_NAME = 'etcdbrctl';

/** How long the token service may take to be connected, and to answer, ms. */
const CONNECT_TIMEOUT = 5000;
const ANSWER_TIMEOUT = 15_000;

/** A role, and the file with the token that allows to take it. */
export interface WebIdentityRole {
  readonly roleARN: string;
  readonly tokenPath: string;
  /** Whose token service is asked; undefined: from the SDK's own settings. */
  readonly region: string | undefined;
  /** PEM of an authority that is trusted too. */
  readonly trustedCaCert: string | undefined;
}

/** Keys for a while. */
type Keys = Awaited<ReturnType<ReturnType<typeof fromWebToken>>>;

/**
 * Credentials for the SDK: the token, as its file holds it at that moment, is exchanged for keys of the role. The SDK asks when it
 * has none, and from five minutes before they expire; as long as they are good, a token service that fails is asked again with the
 * next request. `AWS_ENDPOINT_URL_STS` says where that service is when it is not AWS's own. Throws {@link StoreError}s.
 */
export function webIdentity(
  role: WebIdentityRole,
  { clock, network }: { readonly clock: Clock; readonly network: StoreNetwork },
): () => Promise<Keys> {
  let last: Keys | undefined;
  return async () => {
    try {
      last = await exchange(role, network);
      return last;
    } catch (error) {
      if (last?.expiration !== undefined && last.expiration.getTime() > clock.now()) {
        return last;
      }
      throw refusal(error, role);
    }
  };
}

async function exchange(
  { roleARN, tokenPath, region, trustedCaCert }: WebIdentityRole,
  network: StoreNetwork,
): Promise<Keys> {
  // Asked about once an hour: a connection that is kept would only wait to be closed.
  const agents = storeAgents({ network, keepAlive: false, alsoTrusted: trustedCaCert });
  const provider = fromWebToken({
    roleArn: roleARN,
    roleSessionName: SESSION_NAME,
    webIdentityToken: await readWebIdentityToken(tokenPath),
    clientConfig: {
      ...(region === undefined ? {} : { region }),
      // The request that needs the keys is retried instead.
      maxAttempts: 1,
      requestHandler: {
        connectionTimeout: CONNECT_TIMEOUT,
        requestTimeout: ANSWER_TIMEOUT,
        throwOnRequestTimeout: true,
        httpAgent: agents.http,
        httpsAgent: agents.https,
      },
    },
  });
  return await provider();
}

function refusal(error: unknown, { roleARN, tokenPath }: WebIdentityRole): StoreError {
  const action = `take the role ${roleARN} with the token in`;
  if (error instanceof Failure) {
    return new StoreError('denied', { action, object: tokenPath, found: error.message, cause: error });
  }
  const status = statusOf(error);
  if (status === undefined || !(error instanceof Error)) {
    const { kind, found, remedy } = kindOfNetworkError(error);
    const said = `the token service: ${found}`;
    return new StoreError(kind, { action, object: tokenPath, found: said, remedy, cause: error });
  }
  const kind = kindOf(error.name, status);
  if (!isCode(error.name) && kind !== 'transient') {
    const found = `what answers in the place of the token service is none (status ${status})`;
    return new StoreError('invalid', { action, object: tokenPath, found, remedy: foreignAnswerRemedy, cause: error });
  }
  return new StoreError(kind, {
    action,
    object: tokenPath,
    found: `the token service answered ${status}${isCode(error.name) ? ` ${error.name}` : ''}`,
    remedy: REMEDIES[error.name] ?? 'check the role, its trust policy and the token',
    cause: error,
  });
}

/** See "Errors" of AssumeRoleWithWebIdentity in the API reference of AWS STS. */
const REMEDIES: Readonly<Record<string, string>> = {
  ExpiredTokenException: 'see to it that the file is renewed before its token expires',
  IDPCommunicationErrorException: 'it could not ask the issuer of the token',
};

/** Whether an error has the name of a refusal; the SDK's own names say that it could not read the answer. */
function isCode(name: string): boolean {
  return (
    /^[A-Z]\w+$/.test(name) &&
    !/^(Error|TypeError|SyntaxError|RangeError|UnknownError|Unknown|STSServiceException)$/.test(name)
  );
}

/** The HTTP status of the response that made the SDK throw; undefined when there was none. */
function statusOf(error: unknown): number | undefined {
  const metadata: unknown = error instanceof Error && '$metadata' in error ? error.$metadata : undefined;
  const status: unknown =
    typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, 'httpStatusCode') : undefined;
  return typeof status === 'number' ? status : undefined;
}

function kindOf(name: string, status: number): StoreErrorKind {
  const kind = kindOfStatus(status);
  return kind === 'transient' || /^(IDPCommunicationError|Throttling)/.test(name) ? 'transient' : 'denied';
}

import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { Clock } from '../../../runtime/clock.ts';
import { storeAgents } from '../../http/store-agents.ts';
import type { StoreNetwork } from '../../http/store-network.ts';
import { refuseHeadersInClear } from './headers-in-clear.ts';
import { guardAnswers } from './s3-answer-guard.ts';
import type { S3Settings } from './s3-settings.ts';
import { webIdentity } from './web-identity.ts';

/** Connections that one bucket may have open at once. */
const MOST_CONNECTIONS = 64;

/** The SDK keeps what it has read of `~/.aws` for the life of the process; keys that were changed there would never be used. */
const uncached = { ignoreCache: true };

/** The SDK warns of what it finds in the environment on the console. */
const silent = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // Its words are not for the operator.
}

/** How long a connection may take to be made, ms. */
const CONNECT_TIMEOUT = 10_000;

/** The SDK's client for these settings. It never retries: that is up to the caller. It takes no answers but those of an S3 service. */
export function createS3Client(settings: S3Settings, surroundings: S3Surroundings): S3Client {
  const client = bareClient(settings, surroundings);
  guardAnswers(client);
  refuseHeadersInClear(client);
  return client;
}

/** What a client works with. */
interface S3Surroundings {
  readonly clock: Clock;
  readonly network: StoreNetwork;
}

function bareClient(settings: S3Settings, { clock, network }: S3Surroundings): S3Client {
  const { region, endpoint, identity, trustedCaCert, insecureSkipVerify } = settings;
  const agents = storeAgents({ network, maxSockets: MOST_CONNECTIONS, trustedCaCert, insecureSkipVerify });
  const config: S3ClientConfig = {
    forcePathStyle: settings.pathStyle,
    maxAttempts: 1,
    logger: silent,
    requestChecksumCalculation: settings.requestChecksums === 'when_required' ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED',
    responseChecksumValidation: settings.responseChecksums === 'when_required' ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED',
    // To wait for "100 Continue" before each part costs a round trip and a connection of the SDK's own.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT,
      httpAgent: agents.http,
      httpsAgent: agents.https,
    },
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
  switch (identity.kind) {
    case 'keys':
      return new S3Client({
        ...config,
        credentials: { accessKeyId: identity.accessKeyID, secretAccessKey: identity.secretAccessKey },
      });
    case 'web identity':
      return new S3Client({
        ...config,
        credentials: webIdentity({ ...identity, region, trustedCaCert }, { clock, network }),
      });
    case 'default chain':
      return new S3Client({ ...config, ...uncached });
    default:
      return identity satisfies never;
  }
}

import { type AuthClient, GoogleAuth, gaxios, IdentityPoolClient, JWT } from 'google-auth-library';
import type { GoogleIdentity } from '../../credentials/google.ts';

/** Proves to the service who sends a request. */
export interface Authorizer {
  /** The headers that prove it; fetches a token when there is none or it is about to end. */
  headers(): Promise<Readonly<Record<string, string>>>;
  /** Forgets the token at hand, because the service did not accept it. */
  renew(): void;
}

/** No token could be fetched. */
export class AuthorizationFailed extends Error {
  /** HTTP status of the token service; undefined when it did not answer. */
  readonly status: number | undefined;

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'AuthorizationFailed';
    this.status = statusOf(cause);
  }
}

/** There is no identity, and Google's own search finds none. */
export class NoAccount extends Error {
  /** The variable that an identity would be in. */
  readonly variable: string;

  constructor({ lacking, variable }: IdentityPlace) {
    super(`${lacking}, and this machine has no account of its own`);
    this.name = 'NoAccount';
    this.variable = variable;
  }
}

/** Where an identity would be. */
export interface IdentityPlace {
  readonly variable: string;
  /** Why none is there. */
  readonly lacking: string;
}

/** Some errors of the library are copies of those of its transport. */
function statusOf(error: unknown): number | undefined {
  const response = error instanceof Error ? Reflect.get(error, 'response') : undefined;
  const status = typeof response === 'object' && response !== null ? Reflect.get(response, 'status') : undefined;
  return typeof status === 'number' ? status : undefined;
}

/** For emulators, which need no authorization. */
export const anonymous: Authorizer = { headers: async () => ({}), renew() {} };

const scopes = ['https://www.googleapis.com/auth/devstorage.read_write'];

/** How long the token service may take, ms. */
const tokenDeadlineMs = 30_000;

/**
 * Proves the identity, or, without one, whatever Google's own search finds (a `gcloud` login, the metadata server of a machine
 * or pod). `fetch` replaces the network.
 */
export function createAuthorizer(
  identity: GoogleIdentity | undefined,
  {
    fetch,
    variable = 'GOOGLE_APPLICATION_CREDENTIALS',
    lacking = `${variable} is not set`,
  }: { readonly fetch?: typeof globalThis.fetch } & Partial<IdentityPlace> = {},
): Authorizer {
  const transporter = new gaxios.Gaxios({
    timeout: tokenDeadlineMs,
    ...(fetch === undefined ? {} : { fetchImplementation: fetch }),
  });
  const noIdentity = { variable, lacking };
  let client: Promise<AuthClient> | undefined;
  return {
    headers: async () => {
      try {
        client ??= createClient(identity, transporter);
        const headers = await (await client).getRequestHeaders();
        return Object.fromEntries(headers);
      } catch (error) {
        client = undefined;
        throw identity === undefined && statusOf(error) === undefined
          ? new NoAccount(noIdentity)
          : new AuthorizationFailed(error);
      }
    },
    renew: () => {
      client = undefined;
    },
  };
}

/** Google's search without the variable: it is read here, for the role of this store, and what it names may not exist. */
class MachineAuth extends GoogleAuth {
  override _tryGetApplicationCredentialsFromEnvironmentVariable(): Promise<null> {
    return Promise.resolve(null);
  }
}

async function createClient(identity: GoogleIdentity | undefined, transporter: gaxios.Gaxios): Promise<AuthClient> {
  switch (identity?.type) {
    case undefined:
      return await new MachineAuth({ scopes, clientOptions: { transporter } }).getClient();
    case 'service_account':
      return new JWT({
        email: identity.client_email,
        key: identity.private_key,
        ...(identity.private_key_id === undefined ? {} : { keyId: identity.private_key_id }),
        ...(identity.universe_domain === undefined ? {} : { universeDomain: identity.universe_domain }),
        scopes,
        transporter,
      });
    case 'external_account': {
      const { service_account_impersonation_url: impersonate, ...exchange } = identity;
      const client = new IdentityPoolClient({
        ...exchange,
        ...(impersonate === undefined ? {} : { service_account_impersonation_url: impersonate }),
        scopes,
        transporter,
      });
      // Its exchange of tokens has a transport of its own, which waits for ever.
      Object.assign(Reflect.get(client, 'stsCredential'), { transporter });
      return client;
    }
    default:
      return identity satisfies never;
  }
}

import * as z from 'zod';
import type { Clock } from '../../../runtime/clock.ts';
import type { OpenStackCredentials } from '../../credentials/openstack.ts';
import { describeAnswer, ForeignAnswer, isPage } from '../../http/foreign-answer.ts';
import { provesNothing, requestError, type StoreAction } from '../../http/request-error.ts';
import { isReadable } from '../../http/secrets-in-clear.ts';
import type { StoreNetwork } from '../../http/store-network.ts';
import { type RequestTimeouts, StoreRequests } from '../../http/store-requests.ts';
import { tokenFetch } from '../../http/token-fetch.ts';
import { StoreError } from '../../store-error.ts';
import { swiftStatusError } from './swift-error.ts';

/** A token of Keystone. */
export interface SwiftToken {
  /** The secret that requests carry. */
  readonly id: string;
  /** URL of the project's account in Swift, without a slash at its end. */
  readonly account: string;
  /** When to ask for another one, on the monotonic clock, ms. */
  readonly renewAt: number;
}

/** The part of an answer to `POST /v3/auth/tokens` that is used; see OpenStack's Identity API v3, "Password authentication". */
const answerSchema = z.object({
  token: z.object({
    issued_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    catalog: z
      .array(
        z.object({
          type: z.string(),
          endpoints: z.array(
            z.object({
              interface: z.string(),
              url: z.string(),
              region_id: z.string().nullish(),
              region: z.string().nullish(),
            }),
          ),
        }),
      )
      .default([]),
  }),
});

type Answer = z.output<typeof answerSchema>;

/** A token is renewed this long before it ends, or at half of its life where that is shorter, ms. */
const marginMs = 10 * 60_000;

/** Logs in to Keystone v3 when a token is first needed, and again before it ends. Callers at the same time share one login. */
export class KeystoneLogin {
  readonly #credentials: OpenStackCredentials;
  readonly #requests: StoreRequests;
  readonly #fetch: typeof fetch;
  readonly #closing = new AbortController();
  #token: SwiftToken | undefined;
  #login: Promise<SwiftToken> | undefined;

  constructor(
    credentials: OpenStackCredentials,
    options: { readonly network: StoreNetwork; readonly clock: Clock; readonly timeouts: RequestTimeouts },
  ) {
    this.#fetch = tokenFetch(options.network);
    this.#credentials = credentials;
    this.#requests = new StoreRequests({ ...options, translate: requestError });
  }

  /** A token that does not expire soon. Throws StoreErrors. No signal: several callers may wait for the same login. */
  async token(): Promise<SwiftToken> {
    if (this.#token !== undefined && this.#requests.clock.monotonic() < this.#token.renewAt) {
      return this.#token;
    }
    this.#login ??= this.#logIn().finally(() => {
      this.#login = undefined;
    });
    this.#token = await this.#login;
    return this.#token;
  }

  /** Drops a token that was refused, so that the next caller logs in; one that was renewed since stays. */
  forget(token: SwiftToken): void {
    if (this.#token?.id === token.id) {
      this.#token = undefined;
    }
  }

  /** Ends a login that is under way. */
  close(): void {
    this.#closing.abort(new Error('the store is closed'));
  }

  async #logIn(): Promise<SwiftToken> {
    const url = `${this.#credentials.authURL.replace(/\/+$/, '').replace(/\/v3$/, '')}/v3/auth/tokens`;
    const what: StoreAction = { action: 'log in at', object: url };
    const task = { ...what, signal: this.#closing.signal, retry: 'safe' } as const;
    return await this.#requests.run(task, (signal) => this.#post(url, what, signal));
  }

  async #post(url: string, what: StoreAction, signal: AbortSignal): Promise<SwiftToken> {
    const response = await this.#fetch(url, {
      method: 'POST',
      // A redirect would carry the password to wherever it points.
      redirect: 'manual',
      signal,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ auth: authenticationOf(this.#credentials) }),
    });
    const body = Buffer.from(await response.arrayBuffer());
    const received = this.#requests.clock.monotonic();
    const id = response.headers.get('x-subject-token');
    if (response.status !== 201) {
      throw refusalOf(response, { url, body, what });
    }
    const answer = parseAnswer(body);
    if (id === null || answer === undefined) {
      throw new StoreError('invalid', { ...what, found: 'the answer is not one of Keystone v3' });
    }
    const { issued_at: issued, expires_at: expires, catalog } = answer.token;
    // The lifetime is counted on our clock, so that Keystone's clock need not agree.
    const lifetime = Date.parse(expires) - Date.parse(issued);
    return {
      id,
      account: this.#accountIn(catalog, what),
      renewAt: received + Math.max(lifetime / 2, lifetime - marginMs),
    };
  }

  #accountIn(catalog: Answer['token']['catalog'], what: StoreAction): string {
    const endpoints = catalog
      .filter(({ type }) => type === 'object-store')
      .flatMap((service) => service.endpoints)
      .filter((endpoint) => endpoint.interface === 'public')
      .map(({ url, region_id: id, region }) => ({ url, region: id ?? region ?? '' }));
    const { region } = this.#credentials;
    const [found, another] = endpoints.filter((endpoint) => region === undefined || endpoint.region === region);
    const regions = endpoints.map((endpoint) => `"${endpoint.region}"`).join(', ');
    if (found === undefined) {
      const wanted = region === undefined ? '' : ` in region "${region}"`;
      const others = regions === '' ? '' : `, only in ${regions}`;
      throw new StoreError('invalid', { ...what, found: `the catalogue has no object store${wanted}${others}` });
    }
    if (another !== undefined) {
      const remedy = 'name the one to use as region in the credentials';
      throw new StoreError('invalid', {
        ...what,
        found: `the catalogue has object stores in regions ${regions}`,
        remedy,
      });
    }
    if (isReadable(found.url)) {
      throw new StoreError('invalid', {
        ...what,
        found: `the catalogue has the object store at http://${new URL(found.url).host}, and the token would travel in clear`,
        remedy: 'have the public endpoint of the object store changed to https://',
      });
    }
    return found.url.replace(/\/+$/, '');
  }
}

function authenticationOf({ identity }: OpenStackCredentials): object {
  if (identity.kind === 'application_credential') {
    const { id, secret } = identity;
    return { identity: { methods: ['application_credential'], application_credential: { id, secret } } };
  }
  const { username: name, password, tenantName, domainName } = identity;
  const domain = { name: domainName };
  return {
    identity: { methods: ['password'], password: { user: { name, password, domain } } },
    scope: { project: { name: tenantName, domain } },
  };
}

/** A page of a proxy or of a login, or a redirection, is no word of Keystone's. */
function refusalOf(
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  { url, body, what }: { readonly url: string; readonly body: Buffer; readonly what: StoreAction },
): StoreError {
  const text = body.toString('utf8', 0, 4096);
  const [contentType, location] = ['content-type', 'location'].map((name) => headers.get(name) ?? undefined);
  if (status < 400 || (provesNothing(status) && isPage({ contentType, text }))) {
    const sent = describeAnswer({ status, contentType, text, location });
    return requestError(new ForeignAnswer({ service: 'Keystone', endpoint: new URL(url).origin, sent }), what);
  }
  return swiftStatusError({ status, headers: Object.fromEntries(headers), body }, what, 'Keystone');
}

function parseAnswer(body: Buffer): Answer | undefined {
  try {
    return answerSchema.safeParse(JSON.parse(body.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

import { createVerify, generateKeyPairSync, randomUUID } from 'node:crypto';
import { GcsRefusal } from './object-space.ts';

/** Gives out access tokens for signed assertions and for tokens of another identity provider, and knows which are valid. */
export class TokenDesk {
  readonly #valid = new Set<string>();
  readonly #keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  /** The token of the other identity provider that is accepted. */
  subjectToken = 'a subject token';
  /** How often a token was asked for. */
  requests = 0;

  /** A service account key that is accepted here, as in its JSON file. */
  serviceAccount(): Readonly<Record<string, string>> {
    return {
      type: 'service_account',
      project_id: 'test-project',
      private_key_id: 'key-1',
      private_key: this.#keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      client_email: 'backup@test-project.iam.gserviceaccount.com',
      client_id: '1',
      token_uri: 'https://oauth2.googleapis.com/token',
    };
  }

  issue(): string {
    const token = `ya29.${randomUUID()}`;
    this.#valid.add(token);
    return token;
  }

  /** Makes all tokens that were given out worthless. */
  revokeAll(): void {
    this.#valid.clear();
  }

  check(authorization: string | undefined): void {
    if (!this.#valid.has((authorization ?? '').replace(/^Bearer /, ''))) {
      throw new GcsRefusal(401, 'authError', 'Invalid Credentials');
    }
  }

  /** OAuth 2.0 with a JWT as grant (RFC 7523), or a token exchange (RFC 8693). */
  exchange(form: URLSearchParams): Readonly<Record<string, unknown>> {
    this.requests += 1;
    const granted =
      form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer'
        ? this.#isSigned(form.get('assertion') ?? '')
        : form.get('subject_token') === this.subjectToken;
    if (!granted) {
      throw new GcsRefusal(400, 'invalid_grant');
    }
    const type = 'urn:ietf:params:oauth:token-type:access_token';
    return { access_token: this.issue(), expires_in: 3600, token_type: 'Bearer', issued_token_type: type };
  }

  #isSigned(assertion: string): boolean {
    const [header = '', claims = '', signature = ''] = assertion.split('.');
    const verify = createVerify('RSA-SHA256').update(`${header}.${claims}`);
    return verify.verify(this.#keys.publicKey, Buffer.from(signature, 'base64url'));
  }
}

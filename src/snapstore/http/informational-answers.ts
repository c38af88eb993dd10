import type { ClientRequest } from 'node:http';
import { limits } from '../../runtime/limits.ts';

/** A server that sends informational answers (1xx) again and again. SDKs keep text and code of it. */
export class InformationalAnswers extends Error {
  static readonly code = 'E1XX';
  readonly code = InformationalAnswers.code;

  constructor() {
    super(`more than ${limits.informationalAnswers.most} informational answers (1xx) came, and no other`);
    this.name = 'InformationalAnswers';
  }
}

/** Has `request` fail with {@link InformationalAnswers} when so many have come that no sensible server sends them. */
export function boundInformationalAnswers(request: ClientRequest): void {
  let seen = 0;
  request.on('information', () => {
    seen += 1;
    if (seen > limits.informationalAnswers.most) {
      request.destroy(new InformationalAnswers());
    }
  });
}

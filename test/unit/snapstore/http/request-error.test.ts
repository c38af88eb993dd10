import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ForeignAnswer, foreignAnswerRemedy } from '../../../../src/snapstore/http/foreign-answer.ts';
import { foreignAnswerError, provesNothing, requestError } from '../../../../src/snapstore/http/request-error.ts';
import { absError } from '../../../../src/snapstore/providers/abs/abs-error.ts';
import { gcsError } from '../../../../src/snapstore/providers/gcs/gcs-error.ts';
import { ossError } from '../../../../src/snapstore/providers/oss/oss-error.ts';
import { s3Error } from '../../../../src/snapstore/providers/s3/s3-error.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';

const what = { action: 'list', object: 'https://store.example/b' };
const foreign = new ForeignAnswer({ service: 'store', endpoint: 'https://store.example', sent: 'a page of HTML' });
const said =
  'cannot list https://store.example/b: what answers at https://store.example is no store: it sent a page of HTML; ';

describe('a request that no store has answered', () => {
  for (const [name, translate] of Object.entries({ requestError, absError, gcsError, ossError, s3Error })) {
    it(`means the same to every provider: ${name}`, () => {
      const { kind, message, cause } = translate(foreign, what);
      assert.equal(kind, 'invalid');
      assert.equal(message, said + foreignAnswerRemedy);
      assert.equal(cause, foreign);
      const refused = Object.assign(new Error('raw'), { code: 'ECONNREFUSED' });
      assert.equal(translate(refused, what).kind, 'transient');
      assert.match(translate(refused, what).message, /the connection is refused/);
      const own = new StoreError('quota', { ...what, found: 'full' });
      assert.equal(translate(own, what), own);
    });
  }

  it('says nothing of the store by some statuses', () => {
    const statuses = [200, 302, 400, 401, 403, 404, 405, 410, 413, 500, 503];
    assert.deepEqual(statuses.filter(provesNothing), [200, 302, 404, 405, 410]);
    const error = foreignAnswerError(foreign, what, { cause: undefined, retryAfterMs: 5 });
    assert.deepEqual([error.kind, error.retryAfterMs], ['invalid', 5]);
  });
});

import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, it } from 'node:test';
import { resultOutput } from '../../../../src/runtime/terminal/result-output.ts';

/** Where every write ends with an error of this code, or with none. */
function output(code: string | undefined) {
  const error = code === undefined ? undefined : Object.assign(new Error(`${code}: as the test says`), { code });
  return resultOutput({ write: (_text, done) => done(error) });
}

describe('a result', () => {
  for (const code of ['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'EBADF', 'EWHATEVER']) {
    it(`that is refused with ${code} is not written`, async () => {
      await assert.rejects(output(code).write('x'), {
        code: 'result_unwritten',
        message: new RegExp(`^cannot write the result: .*${code}.*; send stdout elsewhere`),
      });
    });
  }

  it('that is refused by what Node has no name for is so, too', async () => {
    const code = `Unknown system error ${-constants.errno.EDQUOT}`;
    const error = Object.assign(new Error(`${code}: disk quota exceeded, write`), {
      code,
      errno: -constants.errno.EDQUOT,
    });
    await assert.rejects(resultOutput({ write: (_text, done) => done(error) }).write('x'), {
      message: 'cannot write the result: the disk quota is used up (EDQUOT); send stdout elsewhere',
    });
  });

  it('is written, or no longer wanted when its reader has gone', async () => {
    await output(undefined).write('x');
    await output('EPIPE').write('x');
  });
});

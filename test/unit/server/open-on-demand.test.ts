import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OpenOnDemand } from '../../../src/server/open-on-demand.ts';

class Resource implements AsyncDisposable {
  closed = 0;

  async [Symbol.asyncDispose](): Promise<void> {
    this.closed += 1;
  }
}

describe('what is opened once', () => {
  it('is shared, closed at the end, and opened again only after a failure', async () => {
    const resource = new Resource();
    const failures = [new Error('first'), new Error('second')];
    let openings = 0;
    {
      await using once = new OpenOnDemand(async () => {
        openings += 1;
        const failure = failures.shift();
        if (failure !== undefined) {
          throw failure;
        }
        return resource;
      });
      await Promise.all([assert.rejects(once.open(), /first/), assert.rejects(once.open(), /first/)]);
      await assert.rejects(once.open(), /second/);
      assert.equal(await once.open(), resource);
      assert.equal(await once.open(), resource);
    }
    assert.deepEqual([openings, resource.closed], [3, 1]);
  });

  it('is closed later when its opening still hangs at the end, which does not wait for it', async () => {
    const resource = new Resource();
    const opening = Promise.withResolvers<Resource>();
    const once = new OpenOnDemand(() => opening.promise);
    const opened = once.open();
    await once[Symbol.asyncDispose]();
    opening.resolve(resource);
    await opened;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(resource.closed, 1);
    await new OpenOnDemand(() => opening.promise)[Symbol.asyncDispose]();
  });
});

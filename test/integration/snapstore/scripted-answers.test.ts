import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { htmlAnswer, playAnswers } from '../../support/servers/answer-script.ts';
import { startFaultProxy } from '../../support/servers/fault-proxy.ts';
import { startS3Server } from '../../support/servers/s3-server.ts';

describe('a script of answers', () => {
  it('is played by a loopback store: the n-th step for the n-th request of a kind, the last one from then on', async () => {
    await using server = await startS3Server();
    server.objects.set('key', { size: 3, bytes: Buffer.from('abc'), modifiedAt: 0 });
    server.fault(playAnswers({ GetObject: [{ status: 503, body: 'wait' }, 'proper', htmlAnswer(200)] }));
    const get = async (): Promise<string> => (await fetch(`${server.endpoint}/backups/key`)).text();
    assert.equal(await get(), 'wait');
    assert.equal(await get(), 'abc');
    assert.match(await get(), /^<!doctype html>/);
    assert.match(await get(), /^<!doctype html>/);
    const head = await fetch(`${server.endpoint}/backups/key`, { method: 'HEAD' });
    assert.equal(head.headers.get('content-length'), '3', 'other kinds are answered properly');
  });

  it('changes parts of the proper answer, which is given all the same', async () => {
    await using server = await startS3Server();
    server.objects.set('key', { size: 3, bytes: Buffer.from('abc'), modifiedAt: 0 });
    const script = { GetObject: { performed: true, chunked: true, headers: { 'x-amz-version-id': 'null' } } } as const;
    server.fault(playAnswers(script));
    const answer = await fetch(`${server.endpoint}/backups/key`);
    assert.equal(answer.headers.get('content-length'), null);
    assert.equal(answer.headers.get('transfer-encoding'), 'chunked');
    assert.equal(answer.headers.get('x-amz-version-id'), 'null');
    assert.equal(await answer.text(), 'abc');
  });

  it('is played by a proxy, whose operations a provider may name', async () => {
    await using server = await startS3Server();
    await using proxy = await startFaultProxy(server.endpoint, {
      nameOf: (method, url) => (url.searchParams.has('list-type') ? 'list' : method),
    });
    proxy.fault(playAnswers({ list: htmlAnswer(200), '*': { performed: true, headers: { 'x-odd': '1' } } }));
    assert.match(await (await fetch(`${proxy.endpoint}/backups?list-type=2`)).text(), /^<!doctype html>/);
    const versions = await fetch(`${proxy.endpoint}/backups?versions`);
    assert.equal(versions.headers.get('x-odd'), '1');
    assert.match(await versions.text(), /ListVersionsResult/);
  });
});

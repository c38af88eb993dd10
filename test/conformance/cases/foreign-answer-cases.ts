import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoreError, type StoreErrorKind } from '../../../src/snapstore/store-error.ts';
import { foreignAnswers, htmlAnswer, playAnswers } from '../../support/servers/answer-script.ts';
import type { ScriptedAnswer } from '../../support/servers/http-fault.ts';
import { ampleTimeouts, type FaultRig } from './fault-rig.ts';

/** Words of SDKs, parsers and the runtime that are no explanation to an operator. */
export const FOREIGN_WORDS =
  /UnknownError|Cannot read propert|Unexpected (token|end|number|string)|hidden field|\$response|try running Node|Region is missing|\buv_|\bundefined\b|\[object|is not valid JSON|JSON at position|Deserializ|RestError|TypeError|SyntaxError|socket hang up|connect ECONN|getaddrinfo|SSL routines|Error parsing|Premature|statusCode/;

/** What a proxy or a login page answers in the place of a store, and what that must count as. */
const ANSWERS: Readonly<
  Record<string, { readonly answer: ScriptedAnswer; readonly kinds: readonly StoreErrorKind[] }>
> = {
  ...Object.fromEntries(
    Object.entries(foreignAnswers).map(([title, answer]) => [title, { answer, kinds: ['invalid' as const] }]),
  ),
  'a redirection': { answer: htmlAnswer(302, { location: 'https://login.example/?token=secret' }), kinds: ['invalid'] },
  'a lasting redirection': { answer: htmlAnswer(301, { location: 'https://www.example/' }), kinds: ['invalid'] },
  '400 with a page': { answer: htmlAnswer(400), kinds: ['invalid'] },
  '413 with a page': { answer: htmlAnswer(413), kinds: ['invalid'] },
  '413 with nothing': { answer: { status: 413 }, kinds: ['invalid'] },
  '501 with a page': { answer: htmlAnswer(501), kinds: ['invalid'] },
  '501 with nothing': { answer: { status: 501 }, kinds: ['invalid'] },
  '505 with nothing': { answer: { status: 505 }, kinds: ['invalid'] },
  '403 with a page': { answer: htmlAnswer(403), kinds: ['denied'] },
  '502 with a page': { answer: htmlAnswer(502), kinds: ['transient'] },
  '503 with JSON': { answer: { status: 503, body: '{"message":"unavailable"}' }, kinds: ['transient'] },
};

/** Something else answers in the place of the store: no operation succeeds, none finds nothing, and the message is one of ours. */
export function foreignAnswerCases(rig: FaultRig): void {
  const { freshFolder, list, read, save, signal } = rig;

  describe('something else answers', { concurrency: 4 }, () => {
    for (const [title, { answer, kinds }] of rig.met(ANSWERS)) {
      test(title, async () => {
        const folder = freshFolder();
        const kept = `${folder}kept`;
        await save(rig.direct, kept, Buffer.from('kept'));
        const before = await list(rig.direct, folder);
        await using way = await rig.through(ampleTimeouts);
        const { bucket, proxy } = way;
        proxy.fault(playAnswers({ '*': answer }));
        const attempts: Readonly<Record<string, () => Promise<unknown>>> = {
          list: () => list(bucket, folder),
          save: () => save(bucket, `${folder}object`, Buffer.from('object')),
          read: () => read(bucket, kept),
          delete: () => bucket.delete(kept, { signal }),
        };
        for (const [name, attempt] of Object.entries(attempts)) {
          await assert.rejects(attempt, (error) => {
            assert.ok(error instanceof StoreError, `${name}: ${error}`);
            assert.ok(kinds.includes(error.kind), `${name}: ${error.kind}: ${error.message}`);
            assert.doesNotMatch(error.message, FOREIGN_WORDS, name);
            assert.ok(!error.message.includes('secret'), `${name}: ${error.message}`);
            if (answer.status === 413) {
              assert.match(error.message, /raise its limit, or lower --min-chunk-size/, name);
            }
            return true;
          });
        }
        assert.deepEqual(await list(rig.direct, folder), before);
        assert.equal((await read(rig.direct, kept)).toString(), 'kept');
      });
    }
  });
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { goldenStoreFlags } from './golden-store-flags.ts';
import { makeRig } from './rig.ts';

/** Whole numbers that the options take, and that nothing can be counted up to. */
const counts = ['99999999999', String(Number.MAX_SAFE_INTEGER)];

describe('a count of what is done at once, far beyond what there is to do,', () => {
  for (const count of counts) {
    it(`does no harm: ${count}`, async () => {
      await using rig = makeRig();
      const store = goldenStoreFlags(rig, 'etcd-3.5/gzip');
      const fetchers = `--max-fetchers=${count}`;
      const chunks = `--max-parallel-chunk-uploads=${count}`;
      const source = ['--source-store-container', rig.home.join('store'), '--source-store-prefix', 'etcd-main'];
      const target = ['--store-container', rig.home.join('copy'), `--max-parallel-copy-operations=${count}`, chunks];
      for (const args of [
        ['restore', ...store, '-d', 'data', fetchers],
        ['verify', ...store, '--level', 'hash', fetchers],
        ['ls', ...store, '/', fetchers],
        ['copy', ...source, ...target],
      ]) {
        const { stderr, exitCode } = await rig.run(args);
        assert.equal(exitCode, 0, `${args.join(' ')}\n${stderr}`);
      }
    });
  }
});

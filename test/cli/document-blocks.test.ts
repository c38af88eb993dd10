// Takes long: an etcd and many processes for each page.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, it } from 'node:test';
import { makeSandbox, type Sandbox } from '../../scripts/lab/sandbox.ts';
import { documentPages, fencesOf, pageText } from '../../scripts/markdown.ts';
import { goldenStorePath } from '../support/fixtures/golden-store.ts';

/** The blocks of a page that a reader may run, in order. */
const runnable = (page: string): readonly string[] =>
  fencesOf(pageText(page)).flatMap(({ info, code }) => (info === 'sh run' ? [code] : []));

const pages = documentPages().filter((page) => runnable(page).length > 0);
const store = '--storage-provider Local --store-container /backup --store-prefix etcd-main';

/** A cluster with a few keys, and a full of it in /backup. */
async function backedUp({ shell }: Sandbox): Promise<void> {
  await shell(`etcdctl put /registry/configmaps/default/settings one
    etcdctl put /registry/configmaps/default/other two
    etcdctl del /registry/configmaps/default/settings
    etcdctl put /greeting hello
    etcdbrctl snapshot --once --endpoints http://127.0.0.1:2379 ${store}`);
}

/** The files of a control plane that jobs keep. */
function controlPlane({ root }: Sandbox): void {
  for (const path of [
    ...[
      'kube-apiserver-pod-6',
      'kube-apiserver-pod-7',
      'kube-controller-manager-pod-7',
      'kube-scheduler-pod-6',
      'etcd-pod-3',
    ].map((name) => `static-pod-resources/${name}/${name}.yaml`),
    'pki/ca.crt',
  ]) {
    const file = root.join('etc/kubernetes', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, path);
  }
}

/** What has to be there before the first block of a page; nothing but an empty etcd where it is not named. */
const before: Readonly<Record<string, (sandbox: Sandbox) => void | Promise<void>>> = {
  'docs/restore-drill.md': backedUp,
  'docs/bad-day.md': backedUp,
  'docs/migration/k3s.md': backedUp,
  'docs/migration/openshift.md': controlPlane,
  'docs/migration/etcdbk.md': controlPlane,
  'docs/migration/etcd-backup-restore.md': ({ root }) => {
    cpSync(goldenStorePath('etcd-3.5/gzip'), root.join('golden'), { recursive: true });
  },
};

describe('the shell blocks that a page calls runnable', () => {
  it('are on the pages that people follow step by step', () => {
    for (const page of ['docs/day-one.md', 'docs/restore-drill.md', 'docs/bad-day.md', ...Object.keys(before)]) {
      assert.ok(pages.includes(page), page);
    }
  });

  for (const page of pages) {
    it(page, async () => {
      await using sandbox = await makeSandbox();
      await before[page]?.(sandbox);
      for (const block of runnable(page)) {
        // The backup of a test is a few seconds old.
        await sandbox.shell(block.replaceAll('"1h ago"', '2'));
      }
    });
  }
});

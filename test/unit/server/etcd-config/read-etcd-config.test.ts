import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { limits } from '../../../../src/runtime/limits.ts';
import { readEtcdConfig } from '../../../../src/server/etcd-config/read-etcd-config.ts';

test('there may be no file', async () => {
  using dir = makeTempDir();
  assert.equal(await readEtcdConfig(dir.join('etcd.conf.yaml')), undefined);
});

test('what is no configuration is refused', async () => {
  using dir = makeTempDir();
  const path = dir.join('etcd.conf.yaml');
  for (const [text, found] of [
    ['name: [', /it is no YAML \([A-Z_]+ at character \d+\)/],
    ['a: 1\na: 2', /it is no YAML \(DUPLICATE_KEY/],
    ['a: *nowhere', /aliases lead nowhere|it is no YAML/],
    ['', /it is no list of keys and values/],
    ['text', /it is no list of keys and values/],
    ['[a]', /it is no list of keys and values/],
    ['null', /it is no list of keys and values/],
    ['a: 1\n---\nb: 2', /it is no YAML \(MULTIPLE_DOCS/],
    [
      `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c]`,
      /aliases .*too many/,
    ],
  ] as const) {
    writeFileSync(path, text);
    await assert.rejects(readEtcdConfig(path), { code: 'member_config', message: found }, text);
  }
});

test('a file of any length below that is read whole', async () => {
  using dir = makeTempDir();
  const path = dir.join('etcd.conf.yaml');
  for (const length of [16 * 1024 - 1, 16 * 1024, 16 * 1024 + 1, 100_000]) {
    const beginning = 'initial-cluster: a=http://b:2380\nname: ';
    writeFileSync(path, beginning + 'x'.repeat(length - beginning.length));
    assert.equal(String((await readEtcdConfig(path))?.document.get('name')).length, length - beginning.length);
  }
});

test('a file that is too long, or none, is refused', async () => {
  using dir = makeTempDir();
  const path = dir.join('etcd.conf.yaml');
  writeFileSync(path, `a: ${'x'.repeat(limits.etcdConfig.most)}`);
  await assert.rejects(readEtcdConfig(path), { code: 'member_config', message: /it is longer than 1048576 bytes/ });
  mkdirSync(dir.join('directory'));
  await assert.rejects(readEtcdConfig(dir.join('directory')), { code: 'not_a_file' });
});

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { directoryContents } from '../support/fixtures/directory-contents.ts';
import { foreignAnswers, playAnswers, xmlRefusal, xmlStep } from '../support/servers/answer-script.ts';
import { startS3Server } from '../support/servers/s3-server.ts';
import { makeRig } from './rig.ts';

type Rig = ReturnType<typeof makeRig>;

const KEYS = { AWS_ACCESS_KEY_ID: 'AK', AWS_SECRET_ACCESS_KEY: 'SK', AWS_REGION: 'test' };

/** Flags for a store on the server, by path: a bucket's name cannot be put before an IP address. */
function storeOn(
  rig: Rig,
  endpoint: string,
): { readonly flags: readonly string[]; readonly env: Record<string, string> } {
  const file = rig.home.join('credentials.json');
  const fields = { accessKeyID: 'AK', secretAccessKey: 'SK', region: 'test', s3ForcePathStyle: true };
  writeFileSync(file, JSON.stringify({ ...fields, endpoint }));
  const flags = ['--storage-provider', 'S3', '--store-container', 'backups'];
  return { flags, env: { ...KEYS, AWS_APPLICATION_CREDENTIALS_JSON: file } };
}

function damagedDirectory(rig: Rig): string {
  mkdirSync(rig.home.join('d/member/snap'), { recursive: true });
  mkdirSync(rig.home.join('d/member/wal'));
  writeFileSync(rig.home.join('d/member/snap/db'), 'x');
  return rig.home.join('d');
}

describe('a store that something else answers for', () => {
  for (const title of ['a page of HTML', 'an empty body', 'foreign XML'] as const) {
    it(`is an error, and no empty store: ${title}`, async () => {
      await using rig = makeRig();
      await using server = await startS3Server();
      server.fault(playAnswers({ '*': foreignAnswers[title] ?? 'proper' }));
      const { flags, env } = storeOn(rig, server.endpoint);
      const dataDir = damagedDirectory(rig);
      const before = directoryContents(dataDir);
      const initialized = await rig.run(['initialize', '-d', dataDir, ...flags], { env });
      assert.equal(initialized.exitCode, 1, initialized.stdout);
      assert.match(initialized.stderr, /what answers at http:\/\/127\.0\.0\.1:\d+ is no S3 service: it sent /);
      assert.deepEqual(directoryContents(dataDir), before);
      const listed = await rig.run(['list', ...flags, '-o', 'json'], { env });
      assert.equal(listed.exitCode, 1);
      assert.match(`${listed.stdout}${listed.stderr}`, /store_invalid|is no S3 service/);
    });
  }
});

describe('a listing that was not asked for', () => {
  for (const [fields, reason] of [
    ['', /an empty element, without the fields of a listing/],
    [
      '<Name>backups</Name><Prefix>elsewhere/</Prefix><IsTruncated>false</IsTruncated>',
      /the listing of another prefix/,
    ],
    ['<Name>other</Name><IsTruncated>false</IsTruncated>', /no snapshot is listed, but .* bucket "other"/],
    ['<Name>backups</Name>', /the answer has no objects, and does not say that there are none/],
    ['<Name>backups</Name><IsTruncated>maybe</IsTruncated>', /it sent a listing that says neither that more follows/],
    [
      '<KeyCount>5</KeyCount><IsTruncated>false</IsTruncated>',
      /no snapshot is listed, but .* has 5 objects, and shows none/,
    ],
  ] as const) {
    it(`proves no empty store: ${fields}`, async () => {
      await using rig = makeRig();
      await using server = await startS3Server();
      server.fault(playAnswers({ ListObjectsV2: xmlStep(`<ListBucketResult>${fields}</ListBucketResult>`) }));
      const { flags, env } = storeOn(rig, server.endpoint);
      const dataDir = damagedDirectory(rig);
      const before = directoryContents(dataDir);
      const { exitCode, stderr } = await rig.run(['initialize', '-d', dataDir, ...flags], { env });
      assert.equal(exitCode, 1, stderr);
      assert.match(stderr, reason);
      assert.deepEqual(directoryContents(dataDir), before);
    });
  }
});

describe('a bucket whose versions may not be seen', () => {
  const denied = xmlRefusal(403, 'AccessDenied');

  it('is not proved to be empty', async () => {
    await using rig = makeRig();
    await using server = await startS3Server();
    server.fault(playAnswers({ versioning: denied, versions: denied }));
    const { flags, env } = storeOn(rig, server.endpoint);
    const dataDir = damagedDirectory(rig);
    const before = directoryContents(dataDir);
    const { exitCode, stderr } = await rig.run(['initialize', '-d', dataDir, ...flags], { env });
    assert.equal(exitCode, 1);
    assert.match(stderr, /no snapshot is listed, but .* may keep versions, which cannot be seen/);
    assert.deepEqual(directoryContents(dataDir), before);
    const listed = await rig.run(['list', ...flags], { env });
    assert.match(listed.stderr, /may keep versions, which cannot be seen/);
    const checked = await rig.run(['check-store', ...flags], { env });
    assert.match(checked.stdout, /may keep versions, which cannot be seen/);
  });

  it('shows what a deletion has hidden where the versions may be listed', async () => {
    await using rig = makeRig();
    await using server = await startS3Server();
    const name = 'v2/Full-00000000-00000060-1795251532';
    server.fault(
      playAnswers({
        versioning: denied,
        versions: xmlStep(
          `<ListVersionsResult><Version><Key>${name}</Key><VersionId>v1</VersionId><Size>40960</Size></Version>` +
            `<DeleteMarker><Key>${name}</Key><VersionId>v2</VersionId></DeleteMarker></ListVersionsResult>`,
        ),
      }),
    );
    const { flags, env } = storeOn(rig, server.endpoint);
    const { stdout, exitCode } = await rig.run(['list', ...flags, '-o', 'json'], { env });
    assert.equal(exitCode, 0);
    assert.match(stdout, /Full-00000000-00000060-1795251532/);
  });
});

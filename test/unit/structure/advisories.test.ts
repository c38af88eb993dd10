import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { auditAnswer, knownAdvisories } from '../../../scripts/release/advisories.ts';

const request = {
  name: 'request',
  title: 'Server-Side Request Forgery in Request',
  url: 'https://github.com/advisories/GHSA-p8p7-x288-28g6',
  severity: 'moderate',
  range: '<=2.88.2',
};

describe('known faults of packages', () => {
  it('are listed once each, under the package that has them', () => {
    const answer = auditAnswer(
      JSON.stringify({ vulnerabilities: { pkgcloud: { via: ['request'] }, request: { via: [request, request] } } }),
    );
    const { title, severity, range } = request;
    assert.deepEqual(answer, {
      kind: 'asked',
      advisories: [{ id: 'GHSA-p8p7-x288-28g6', packageName: 'request', title, severity, range }],
    });
  });

  it('are none when the registry says so', () => {
    assert.deepEqual(auditAnswer('{"auditReportVersion":2,"vulnerabilities":{}}'), { kind: 'asked', advisories: [] });
  });

  for (const [what, output, reason] of [
    [
      'refuses',
      '{"message":"405 Method Not Allowed - POST https://mirror.example/-/npm/v1/security/advisories/bulk"}',
      '405 Method Not Allowed',
    ],
    ['fails', '{"error":{"code":"ENOTFOUND","summary":""}}', 'ENOTFOUND'],
    [
      'fails in the middle',
      '{"vulnerabilities":{},"error":{"summary":"audit endpoint returned an error"}}',
      'audit endpoint returned an error',
    ],
    ['says nothing', '', 'npm printed nothing'],
    ['is a page', '<html>', 'npm printed no JSON'],
    ['gives an empty object', '{}', 'npm gave no list'],
  ] as const) {
    it(`are not known where the registry ${what}, which is no "none"`, () => {
      assert.deepEqual(auditAnswer(output), { kind: 'not asked', reason });
    });
  }

  it('that do not matter are named in docs/dependencies.md, each with the package', () => {
    const document = readFileSync(`${projectRoot}docs/dependencies.md`, 'utf8');
    const lockfile = JSON.parse(readFileSync(`${projectRoot}package-lock.json`, 'utf8')) as {
      readonly packages: Readonly<Record<string, unknown>>;
    };
    const known = knownAdvisories(document);
    assert.ok(known.size > 0);
    for (const id of known) {
      // The row goes when the package does.
      const [, name = ''] = new RegExp(`^\\| \`([^\`\\n]+)\` *\\|[^\\n]*${id}`, 'm').exec(document) ?? assert.fail(id);
      assert.ok(
        Object.keys(lockfile.packages).some((path) => path.endsWith(`node_modules/${name}`)),
        name,
      );
    }
  });
});

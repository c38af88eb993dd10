import assert from 'node:assert/strict';
import { it } from 'node:test';
import { belongingOf } from '../../../src/cli/object-owners.ts';

function comesFirst(key: string, value: string): boolean {
  const facts = { createRevision: 1, modRevision: 1, version: 1, lease: 0n, leaseTtl: undefined };
  return belongingOf({ key: Buffer.from(key), value: Buffer.from(value), ...facts }).comesFirst;
}

it('namespaces and definitions of extensions come first, also where they are encrypted', () => {
  const sealed = 'k8s:enc:kms:v2:key1:\u0001\u0002';
  assert.ok(
    comesFirst('/registry/namespaces/shop', '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}'),
  );
  assert.ok(comesFirst('/registry/namespaces/shop', sealed));
  assert.ok(comesFirst('/registry/apiextensions.k8s.io/customresourcedefinitions/a.example.com', sealed));
  assert.ok(comesFirst('/clusters/one/registry/namespaces/shop', sealed));
  assert.ok(!comesFirst('/registry/secrets/shop/namespaces', sealed));
  assert.ok(
    !comesFirst('/registry/configmaps/shop/a', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}'),
  );
});

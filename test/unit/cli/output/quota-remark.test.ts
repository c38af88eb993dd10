import assert from 'node:assert/strict';
import { it } from 'node:test';
import { quotaRemark } from '../../../../src/cli/output/quota-remark.ts';

const GIB = 1024 ** 3;

it('a database near or beyond a quota of etcd is remarked on', () => {
  assert.equal(quotaRemark(1.7 * GIB), undefined);
  assert.match(quotaRemark(1.9 * GIB) ?? '', /has 1\.9 GiB, near etcd's quota where no other is given \(2\.0 GiB\)/);
  assert.match(quotaRemark(3 * GIB) ?? '', /has 3\.0 GiB, beyond etcd's quota/);
  assert.match(quotaRemark(7.5 * GIB) ?? '', /has 7\.5 GiB, near the largest quota that etcd advises \(8\.0 GiB\)/);
  assert.match(quotaRemark(9 * GIB) ?? '', /beyond the largest quota/);
});

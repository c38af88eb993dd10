import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { containerComplaint } from '../../../../src/config/options/store-container.ts';
import { providerNames } from '../../../../src/snapstore/provider-name.ts';

const remote = providerNames.filter((provider) => provider !== 'Local');

describe('the name of a container', () => {
  for (const provider of remote) {
    it(`is refused as a usage error where it cannot be one: ${provider}`, () => {
      for (const container of ['a/b', '/', '/a', 'a/']) {
        assert.match(containerComplaint({ provider, container })?.found ?? '', /^it holds a slash/, container);
      }
      const odd = ['a b', 'a?b', 'a#b', 'a\\b', 'a%2fb', 'a\nb'];
      for (const container of provider === 'Swift' ? [] : odd) {
        assert.match(containerComplaint({ provider, container })?.found ?? '', /^it holds a character/, container);
      }
    });

    it(`is taken where it may be one: ${provider}`, () => {
      for (const container of ['etcd-backup', 'a.b', 'UPPER_case', 'tenant:bucket', '$root', 'a']) {
        assert.equal(containerComplaint({ provider, container }), undefined, container);
      }
    });
  }

  it('is a path with Local', () => {
    assert.equal(containerComplaint({ provider: 'Local', container: '/var/backups of etcd' }), undefined);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeEndpoint } from '../../../../../src/snapstore/providers/oss/oss-endpoint.ts';

test('regions are read off the names of public endpoints', () => {
  const regions = {
    'https://oss-eu-central-1.aliyuncs.com': 'eu-central-1',
    'https://oss-cn-hangzhou-internal.aliyuncs.com': 'cn-hangzhou',
    'https://s3.oss-cn-hangzhou.aliyuncs.com': 'cn-hangzhou',
    'https://vpc100-oss-cn-beijing.aliyuncs.com': 'cn-beijing',
    'https://cn-hangzhou.oss.aliyuncs.com': 'cn-hangzhou',
    'https://oss-accelerate.aliyuncs.com': undefined,
    'https://oss-accelerate-overseas.aliyuncs.com': undefined,
    'https://backups.example.org': undefined,
    'http://127.0.0.1:8080': undefined,
  };
  for (const [endpoint, region] of Object.entries(regions)) {
    assert.equal(describeEndpoint(endpoint).region, region, endpoint);
  }
  assert.equal(describeEndpoint('https://oss-accelerate.aliyuncs.com', 'cn-shanghai').region, 'cn-shanghai');
});

test('only an endpoint without a name has the bucket in its path', () => {
  assert.equal(describeEndpoint('https://oss-cn-hangzhou.aliyuncs.com').addressing, 'virtual host');
  assert.equal(describeEndpoint('https://10.0.0.7').addressing, 'path');
  assert.equal(describeEndpoint('http://localhost:9000').addressing, 'path');
});

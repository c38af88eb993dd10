import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createHttpHeaders, createPipelineRequest, RestError } from '@azure/core-rest-pipeline';
import { absError } from '../../../src/snapstore/providers/abs/abs-error.ts';
import { gcsError } from '../../../src/snapstore/providers/gcs/gcs-error.ts';
import { GcsErrorResponse } from '../../../src/snapstore/providers/gcs/gcs-error-response.ts';
import { ossError } from '../../../src/snapstore/providers/oss/oss-error.ts';
import { s3Error } from '../../../src/snapstore/providers/s3/s3-error.ts';
import { S3Refusal } from '../../../src/snapstore/providers/s3/s3-refusal.ts';
import { swiftStatusError } from '../../../src/snapstore/providers/swift/swift-error.ts';
import type { StoreError } from '../../../src/snapstore/store-error.ts';

const task = { action: 'list', object: 'the store' };

/** How each provider reads a refusal with a status and an error code of its own. */
const readers: Readonly<Record<string, (status: number, code: string) => StoreError>> = {
  OSS: (status, code) => ossError(Object.assign(new Error('refused'), { status, code }), task),
  S3: (status, code) => s3Error(new S3Refusal({ status, code, text: '', headers: {} }, undefined), task),
  ABS: (status, code) => {
    const headers = createHttpHeaders({ 'x-ms-error-code': code, 'x-ms-request-id': '1', 'x-ms-version': '1' });
    const request = createPipelineRequest({ url: 'https://account.example/container' });
    return absError(
      new RestError('refused', { code, statusCode: status, request, response: { request, status, headers } }),
      task,
    );
  },
  GCS: (status, code) =>
    gcsError(
      new GcsErrorResponse(status, JSON.stringify({ error: { errors: [{ reason: code }], message: '' } })),
      task,
    ),
  Swift: (status) => swiftStatusError({ status, headers: {}, body: Buffer.alloc(0) }, task),
};

const refusals: readonly (readonly [provider: string, status: number, code: string, remedy: RegExp])[] = [
  ['OSS', 401, 'AuthenticationFailed', /accessKeyID, accessKeySecret and the endpoint/],
  ['OSS', 403, 'AuthenticationFailed', /clock of this machine/],
  ['OSS', 403, 'InvalidAccessKeyId', /accessKeyID/],
  ['OSS', 403, 'SecurityTokenExpired', /renew/],
  ['OSS', 403, 'InvalidSecurityToken', /token/],
  ['OSS', 403, 'UserDisable', /suspended/],
  ['OSS', 403, 'SomethingNew', /accessKeyID/],
  ['OSS', 507, 'QuotaExceeded', /quota/],
  ['S3', 400, 'ExpiredToken', /renew/],
  ['S3', 400, 'InvalidToken', /session token/],
  ['S3', 400, 'TokenRefreshRequired', /renew/],
  ['S3', 403, 'AccountProblem', /suspended/],
  ['S3', 403, 'AllAccessDisabled', /disabled/],
  ['S3', 403, 'RequestTimeTooSkewed', /clock/],
  ['S3', 403, 'SomethingNew', /credentials/],
  ['S3', 403, 'QuotaExceeded', /quota/],
  ['ABS', 403, 'AuthenticationFailed', /storageKey.*clock/],
  ['ABS', 403, 'AuthorizationFailure', /network rules/],
  ['ABS', 403, 'KeyBasedAuthenticationNotPermitted', /shared key/],
  ['ABS', 403, 'AccountIsDisabled', /account is disabled/],
  ['ABS', 403, 'SomethingNew', /storageKey/],
  ['GCS', 401, 'authError', /role/],
  ['GCS', 403, 'accountDisabled', /in force/],
  ['GCS', 403, 'quotaExceeded', /quota/],
  ['Swift', 401, '', /credentials/],
  ['Swift', 403, '', /role/],
];

describe('a refusal for want of a right', () => {
  for (const [provider, status, code, remedy] of refusals) {
    it(`says what to do: ${provider}, ${status} ${code}`, () => {
      const error = readers[provider]?.(status, code);
      assert.match(error?.remedy ?? '', remedy, error?.message);
      assert.match(error?.kind ?? '', /^(denied|quota|gone)$/);
    });
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { EtcdFailureCode } from '../../../../src/etcd/etcd-failure.ts';
import { explainRpcError, isTokenRefused } from '../../../../src/etcd/rpc/rpc-error.ts';

// Texts of etcd's api/v3rpc/rpctypes/error.go; the status of some differs between etcd 3.4 and 3.5.
const cases: readonly [EtcdFailureCode, status, string][] = [
  ['etcd_member_exists', status.FAILED_PRECONDITION, 'etcdserver: Peer URLs already exists'],
  ['etcd_member_exists', status.FAILED_PRECONDITION, 'etcdserver: member ID already exist'],
  ['etcd_member_not_found', status.NOT_FOUND, 'etcdserver: member not found'],
  ['etcd_too_many_learners', status.FAILED_PRECONDITION, 'etcdserver: too many learner members in cluster'],
  [
    'etcd_learner_not_ready',
    status.FAILED_PRECONDITION,
    'etcdserver: can only promote a learner member which is in sync with leader',
  ],
  ['etcd_not_a_learner', status.FAILED_PRECONDITION, 'etcdserver: can only promote a learner member'],
  ['etcd_learner_refuses', status.UNAVAILABLE, 'etcdserver: rpc not supported for learner'],
  ['etcd_learner_refuses', status.FAILED_PRECONDITION, 'etcdserver: rpc not supported for learner'],
  ['etcd_unreachable', status.UNAVAILABLE, 'etcdserver: unhealthy cluster'],
  ['etcd_unreachable', status.INTERNAL, 'Received RST_STREAM with code 2'],
  ['etcd_unreachable', status.RESOURCE_EXHAUSTED, 'Bandwidth exhausted or memory limit exceeded'],
  ['etcd_refused', status.INTERNAL, 'Response message parsing error: the message ends within a number'],
  ['etcd_refused', status.UNKNOWN, 'etcdserver: something new'],
  ['etcd_request_too_large', status.UNKNOWN, 'etcdserver: request is too large'],
  ['etcd_request_too_large', status.INVALID_ARGUMENT, 'etcdserver: request is too large'],
  ['etcd_request_too_large', status.RESOURCE_EXHAUSTED, 'grpc: received message larger than max (2097183 vs. 1572864)'],
  ['etcd_request_too_large', status.INVALID_ARGUMENT, 'etcdserver: too many operations in txn request'],
  ['etcd_no_space', status.RESOURCE_EXHAUSTED, 'etcdserver: mvcc: database space exceeded'],
  ['etcd_timeout', status.DEADLINE_EXCEEDED, 'Deadline exceeded'],
  ['etcd_auth', status.UNAUTHENTICATED, 'etcdserver: invalid auth token'],
  ['etcd_auth', status.INVALID_ARGUMENT, 'etcdserver: user name is empty'],
  ['etcd_auth', status.FAILED_PRECONDITION, 'etcdserver: user name not found'],
  // Texts of its auth package, which the calls of maintenance pass on as they are.
  ['etcd_auth', status.UNKNOWN, 'auth: user not found'],
  ['etcd_auth', status.UNKNOWN, 'auth: user name is empty'],
  ['etcd_auth', status.UNKNOWN, 'auth: permission denied'],
  ['etcd_auth', status.UNKNOWN, 'auth: invalid auth token'],
  ['etcd_auth', status.UNKNOWN, 'auth: revision in header is old'],
  ['etcd_auth', status.UNKNOWN, 'auth: something new'],
];
for (const [code, grpcStatus, details] of cases) {
  test(`${status[grpcStatus]} "${details}" is ${code}`, () => {
    assert.equal(explainRpcError({ code: grpcStatus, details }).code, code);
  });
}

for (const [code, details, ofTheMember] of [
  [status.UNIMPLEMENTED, 'Received HTTP status code 404', true],
  [status.UNAUTHENTICATED, 'Received HTTP status code 401', true],
  [status.UNAUTHENTICATED, 'etcdserver: invalid auth token', true],
  [status.PERMISSION_DENIED, 'etcdserver: permission denied', undefined],
  [status.INVALID_ARGUMENT, 'etcdserver: authentication failed, invalid user ID or password', undefined],
  [status.UNKNOWN, 'auth: permission denied', undefined],
  [status.UNKNOWN, 'auth: user not found', undefined],
  [status.UNKNOWN, 'auth: invalid auth token', true],
] as const) {
  test(`${status[code]} "${details}" says ${ofTheMember ? 'nothing' : 'something'} of the whole cluster`, () => {
    assert.equal(explainRpcError({ code, details }).ofTheMember, ofTheMember);
  });
}

test('a client certificate whose name is that of no user is explained, with a next step', () => {
  for (const details of ['auth: user not found', 'etcdserver: user name not found']) {
    const { found, remedy } = explainRpcError({ code: status.UNKNOWN, details });
    assert.match(found, /^it has no user of that name/);
    assert.match(remedy ?? '', /--cert/);
  }
});

test('a login that was refused because users changed is asked for again', () => {
  for (const details of ['etcdserver: revision of auth store is old', 'auth: revision in header is old']) {
    assert.equal(isTokenRefused({ code: status.UNKNOWN, details }), true);
  }
  assert.equal(isTokenRefused({ code: status.UNKNOWN, details: 'auth: user not found' }), false);
});

test('what breaks the frames of HTTP/2 is explained, with a next step', () => {
  for (const [code, details] of [
    [
      status.INTERNAL,
      'Received RST_STREAM with code 2 triggered by internal client error: Too many invalid HTTP/2 frames',
    ],
    [status.RESOURCE_EXHAUSTED, 'Bandwidth exhausted or memory limit exceeded'],
  ] as const) {
    const { found, remedy } = explainRpcError({ code, details });
    assert.equal(found, `the connection breaks off (${details})`);
    assert.match(remedy ?? '', /check that an etcd listens there/);
  }
});

test('a refusal without a reason says so', () => {
  for (const code of [status.UNAVAILABLE, status.INTERNAL, status.RESOURCE_EXHAUSTED, status.ABORTED]) {
    assert.equal(explainRpcError({ code, details: ' ' }).found, `it gives no reason (${status[code]})`);
  }
});

test('messages above a limit are explained', () => {
  for (const details of [
    'Received message larger than max (1610612736 vs 16777216)',
    'Received message that decompresses to a size larger than 16777216',
  ]) {
    const meaning = explainRpcError({ code: status.RESOURCE_EXHAUSTED, details });
    assert.equal(meaning.code, 'etcd_refused');
    assert.match(meaning.found, /larger than any etcd does/);
    assert.match(meaning.remedy ?? '', /limits\.md/);
  }
  const { found } = explainRpcError({ code: status.RESOURCE_EXHAUSTED, details: 'etcdserver: too many requests' });
  assert.equal(found, 'etcdserver: too many requests');
});

test('the text of an answer is cut before it is looked at', () => {
  const { found } = explainRpcError({ code: status.UNAVAILABLE, details: 'x'.repeat(1_000_000) });
  assert.equal(found.length, 500);
});

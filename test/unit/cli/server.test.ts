import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serverCommand } from '../../../src/cli/server.ts';
import { placedOptions } from '../../../src/config/command-spec.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { UsageFailure } from '../../../src/config/usage-failure.ts';

const { spec } = serverCommand;

/** The sentence that refuses these flags; undefined when they are taken. */
async function refusalOf(given: Readonly<Record<string, string>>): Promise<string | undefined> {
  const flags = new Map(Object.entries(given).map(([flag, text]) => [flag, [text]]));
  try {
    await loadConfig(spec, { flags, environment: {} });
    return undefined;
  } catch (error) {
    assert.ok(error instanceof UsageFailure, String(error));
    return error.message;
  }
}

describe('the options of a server', () => {
  it('are refused with zero where zero means nothing, in a sentence that names the flag, and none breaks anything', async () => {
    const refused: string[] = [];
    const options = placedOptions(spec).filter(({ spec: option }) => /^(?:duration|u?int\d*)$/.test(option.type));
    for (const { spec: option } of options) {
      for (const zero of ['0s', '0']) {
        const refusal = await refusalOf({ [option.flag]: zero });
        if (refusal !== undefined) {
          assert.ok(refusal.startsWith(`cannot use --${option.flag}`), refusal);
          assert.doesNotMatch(refusal, /\n/);
          refused.push(`${option.flag}=${zero}`);
        }
      }
    }
    for (const flag of [
      'etcd-connection-timeout=0s',
      'etcd-snapshot-timeout=0s',
      'etcd-defrag-timeout=0s',
      'reelection-period=0s',
      'etcd-connection-timeout-leader-election=0s',
      'k8s-heartbeat-duration=0s',
      'backoff-multiplier=0',
      'backoff-attempt-limit=0',
      'backoff-threshold-time=0s',
      'secondary-backup-sync-period=0s',
    ]) {
      assert.ok(refused.includes(flag), flag);
    }
  });

  for (const [given, message] of [
    [
      { 'server-cert': 'a' },
      /^cannot use --server-key: it is missing while --server-cert is given; give both or neither/,
    ],
    [
      { 'server-key': 'a' },
      /^cannot use --server-cert: it is missing while --server-key is given; give both or neither/,
    ],
    [{ 'reelection-period': '1s' }, /^cannot use --reelection-period "1s": it is not longer than 1s/],
    [{ 'etcd-connection-timeout-leader-election': '1s' }, /"1s": it is not longer than 1s/],
    [{ 'etcd-connection-timeout': '10s', 'etcd-snapshot-timeout': '9s' }, /shorter than --etcd-connection-timeout/],
    [{ 'server-port': '65536' }, /^cannot use --server-port "65536"/],
    [{ 'verification-schedule': 'sometimes' }, /^cannot use --verification-schedule: it has 1 field, not five/],
    [{ 'defragmentation-schedule': '0 0 30 2 *' }, /it never fires/],
  ] as const) {
    it(`are refused: ${JSON.stringify(given)}`, async () => {
      assert.match((await refusalOf(given)) ?? 'taken', message);
    });
  }

  it('need the names of leases that are renewed', async () => {
    for (const flag of ['full-snapshot-lease-name', 'delta-snapshot-lease-name']) {
      const names = { 'full-snapshot-lease-name': 'f', 'delta-snapshot-lease-name': 'd', [flag]: '' };
      assert.match(
        (await refusalOf({ 'enable-snapshot-lease-renewal': 'true', ...names })) ?? 'taken',
        new RegExp(flag),
      );
    }
  });
});

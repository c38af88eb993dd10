import assert from 'node:assert/strict';
import { it } from 'node:test';
import { goingBackText } from '../../../src/cli/retention-rules.ts';

it('a run says at its begin how far back one can go', () => {
  const rules = { policy: { kind: 'Exponential' }, deltaRetentionMs: 0, leftHistoryMs: 0 } as const;
  assert.match(
    goingBackText(rules),
    /any moment since the newest full; deltas of older fulls are deleted \(--point-in-time-window 24h .*; before that, fulls that thin out/,
  );
  assert.match(
    goingBackText({ ...rules, pointInTimeWindowMs: 86_400_000 }),
    /any moment of the last 24h00m; before that/,
  );
  assert.match(
    goingBackText({ ...rules, deltaRetentionMs: 3_600_000, policy: { kind: 'LimitBased', maxBackups: 3 } }),
    /where deltas are kept \(1h00m\) before it; before that, the newest 3 fulls$/,
  );
  assert.match(goingBackText(undefined), /^Nothing is deleted/);
});

import type { StepResult, StoreCheck } from '../../operations/check-store/check-store.ts';
import { Failure } from '../../runtime/failure.ts';
import { errorText } from '../../runtime/log/error-text.ts';
import { keyValueLines, type Report } from './report.ts';

/** From this skew on, stores may refuse signed requests and retention misjudges the age of backups, ms. */
const notableSkew = 60_000;

const CONTAINER_MADE =
  'it did not exist and was made; if it should have been there, check --store-container and whether its volume is mounted';

const STEP_LABELS: Readonly<Record<StepResult['step'], string>> = {
  write: 'Write',
  list: 'List',
  read: 'Read',
  delete: 'Delete',
};

/** What `check-store` prints. */
export function checkReport(check: StoreCheck): Report {
  const { location, probe, steps, clockSkewMs, versioned, immutableUntil, containerMade, doubts } = check;
  const until = immutableUntil === undefined ? undefined : new Date(immutableUntil).toISOString();
  const left = steps.some(({ step, outcome }) => step === 'delete' && outcome !== 'ok' && outcome !== 'skipped');
  return {
    table: keyValueLines([
      ['Store', location],
      ['Container', containerMade ? CONTAINER_MADE : undefined],
      ...steps.map((result, at) => [STEP_LABELS[result.step], stepText(result, steps.slice(0, at))] as const),
      ['Clock', clockSkewMs === undefined ? undefined : skewText(clockSkewMs)],
      ['Versions', versioned === undefined ? undefined : versioned ? 'kept' : 'not kept'],
      ['Immutable', versioned === undefined ? undefined : until === undefined ? 'no' : `until ${until}`],
      ...doubts.map((doubt) => ['Not known', doubt] as const),
      ['Not deleted', left ? probe : undefined],
    ]),
    data: {
      location,
      steps: Object.fromEntries(steps.map((result) => [result.step, stepData(result)])),
      ...(clockSkewMs === undefined ? {} : { clockSkewSeconds: clockSkewMs / 1000 }),
      ...(versioned === undefined ? {} : { versioned }),
      ...(until === undefined ? {} : { immutableUntil: until }),
      ...(containerMade ? { containerMade } : {}),
      ...(doubts.length === 0 ? {} : { notKnown: doubts }),
      ...(left ? { leftBehind: probe } : {}),
    },
  };
}

function stepText(result: StepResult, before: readonly StepResult[]): string {
  switch (result.outcome) {
    case 'ok':
      return `ok, ${Math.round(result.ms)} ms`;
    case 'immutable':
      return `refused, as the retention of the store wants it: ${errorText(result.error)}`;
    case 'failed':
      return before.some((other) => isSameFault(result, other))
        ? 'failed for the same reason'
        : `failed: ${errorText(result.error)}`;
    case 'skipped':
      return 'not tried, since nothing could be written';
    default:
      return result satisfies never;
  }
}

/** Whether two steps failed by the same fault of the network, which concerns every request. */
function isSameFault(one: StepResult, other: StepResult): boolean {
  if (one.outcome !== 'failed' || other.outcome !== 'failed') {
    return false;
  }
  const { error: a } = one;
  const { error: b } = other;
  return a instanceof Failure && b instanceof Failure && a.code === 'store_transient' && faultIn(a) === faultIn(b);
}

/** What was found, without the action that found it. */
function faultIn({ message, action, object }: Failure): string {
  return message.replace(`cannot ${action} ${object}: `, '');
}

function stepData(result: StepResult): Readonly<Record<string, unknown>> {
  switch (result.outcome) {
    case 'ok':
      return { outcome: 'ok', milliseconds: Math.round(result.ms) };
    case 'immutable':
    case 'failed':
      return { outcome: result.outcome, error: errorText(result.error) };
    case 'skipped':
      return { outcome: 'skipped' };
    default:
      return result satisfies never;
  }
}

function skewText(ms: number): string {
  const seconds = Math.abs(Math.round(ms / 1000));
  if (seconds === 0) {
    return "the store's and this machine's agree";
  }
  const text = `the store's is ${seconds} s ${ms > 0 ? 'ahead of' : 'behind'} this machine's`;
  return Math.abs(ms) >= notableSkew ? `${text}; correct one of them` : text;
}

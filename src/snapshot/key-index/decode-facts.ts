import type { FullFacts } from './facts.ts';

type Check = (value: unknown) => boolean;

const text =
  (form: RegExp): Check =>
  (value) =>
    typeof value === 'string' && form.test(value);
const whole =
  (least: number, most: number = Number.MAX_SAFE_INTEGER): Check =>
  (value) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most;
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

/** An id of 64 bits, hexadecimal, as etcdctl prints it. */
const id = text(/^[0-9a-f]{1,16}$/);
const decimal = text(/^\d{1,20}$/);
const words = text(/^.{0,100}$/s);
const revision = whole(0);

/** No schema library is at work here: `list` would load it for a few comparisons, which takes a tenth of its time. */
const checks: Readonly<Record<keyof FullFacts, Check>> = {
  clusterId: optional(id),
  memberId: optional(id),
  etcdVersion: optional(words),
  raftTerm: optional(decimal),
  raftIndex: optional(decimal),
  takenAt: optional(words),
  writtenBy: words,
  lastRevision: revision,
  compactRevision: revision,
  pageSize: whole(1024, 16 * 1024 * 1024),
};

/** Reads what encodeFacts gives; undefined when they are not what they must be. Unknown fields are left out. */
export function decodeFacts(bytes: Uint8Array): FullFacts | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
  const known = Object.fromEntries(Object.entries(parsed ?? {}).filter(([name]) => Object.hasOwn(checks, name)));
  return isFacts(known) ? known : undefined;
}

function isFacts(fields: Readonly<Record<string, unknown>>): fields is Readonly<Record<string, unknown>> & FullFacts {
  return Object.entries(checks).every(([name, check]) => check(fields[name]));
}

/** What the names of all probes begin with. */
export const PROBE_PREFIX = 'etcdbrctl-probe-';

const namePattern = /^etcdbrctl-probe-[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** A name for the object on which the rights in a store are tried; no reader of backups takes it for one. */
export function newProbeName(): string {
  return `${PROBE_PREFIX}${crypto.randomUUID()}`;
}

/** Whether a key is that of a probe, or of a part of one. */
export function isProbeKey(key: string): boolean {
  return key.split('/').some((part) => namePattern.test(part));
}

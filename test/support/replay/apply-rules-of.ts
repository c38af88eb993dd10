import { applyEditions, type VersionRules } from '../../../src/datadir/replay/version-rules.ts';

/** The rules of an etcd release, such as `3.5.16`: the newest ones that had come out in its line by then. */
export function applyRulesOf(version: string): VersionRules {
  const [major = '', minor = '', patch = ''] = version.split('.');
  const edition = applyEditions.find(
    ({ since }) => Number.parseInt(patch, 10) >= (since[`${major}.${minor}`] ?? Number.POSITIVE_INFINITY),
  );
  return (edition ?? applyEditions[0]).rules;
}

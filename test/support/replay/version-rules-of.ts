import { allVersionRules, type VersionRules } from '../../../src/datadir/replay/version-rules.ts';

/** The rules of an etcd version, such as `3.5.16`. */
export function versionRulesOf(version: string): VersionRules {
  const [major = '', minor = '', patch = ''] = version.split('.');
  const found = allVersionRules.find(
    ({ since }) => Number.parseInt(patch, 10) >= (since[`${major}.${minor}`] ?? Number.POSITIVE_INFINITY),
  );
  return (found ?? allVersionRules[0]).rules;
}

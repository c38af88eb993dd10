import { type RightsRules, rightsEditions } from '../../../src/datadir/replay/rights-rules.ts';

/** The rules of an etcd release, such as `3.5.16`: the newest ones that had come out in its line by then. */
export function rightsRulesOf(version: string): RightsRules {
  const [major = '', minor = '', patch = ''] = version.split('.');
  const edition = rightsEditions.find(({ since }) => Number.parseInt(patch, 10) >= (since[`${major}.${minor}`] ?? 0));
  return (edition ?? rightsEditions[0]).rules;
}

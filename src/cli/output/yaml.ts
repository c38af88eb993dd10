import { stringify } from 'yaml';

/** Plain data as a YAML document; texts stay on one line. */
export function formatYaml(data: unknown): string {
  return stringify(data, { lineWidth: 0, aliasDuplicateObjects: false });
}

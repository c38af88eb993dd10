import { stringify } from 'yaml';

/**
 * Plain data as a YAML document; texts stay on one line. In a module of its own, so that it can be loaded lazily: the build
 * refuses `import()` of a package.
 */
export function formatYaml(data: unknown): string {
  return stringify(data, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** One architecture by the names that Node, Debian and RPM give it. */
export interface Architecture {
  readonly node: 'x64' | 'arm64';
  readonly debian: string;
  readonly rpm: string;
}

/** What a release is built for. */
export const architectures: readonly Architecture[] = [
  { node: 'x64', debian: 'amd64', rpm: 'x86_64' },
  { node: 'arm64', debian: 'arm64', rpm: 'aarch64' },
];

/** What was built. The bundler puts values of its own in the place of `ETCDBRCTL_BUILD`. */
export interface BuildInfo {
  /** Semantic version of the release. */
  readonly version: string;
  /** Commit it was built from; `unknown` when run from source. */
  readonly gitSha: string;
}

declare const ETCDBRCTL_BUILD: BuildInfo | undefined;

/** Facts about this build. Run from source they say so. */
export const buildInfo: BuildInfo =
  typeof ETCDBRCTL_BUILD === 'undefined' ? { version: '0.1.0-dev', gitSha: 'unknown' } : ETCDBRCTL_BUILD;

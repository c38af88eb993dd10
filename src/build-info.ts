/** What was built. The bundler replaces `ETCDBRCTL_BUILD` by its own values. */
export interface BuildInfo {
  /** Semantic version of the release. */
  readonly version: string;
  /** Commit it was built from; `unknown` when run from source. */
  readonly gitSha: string;
}

declare const ETCDBRCTL_BUILD: BuildInfo | undefined;

/** This build, or that the program runs from source. */
export const buildInfo: BuildInfo =
  typeof ETCDBRCTL_BUILD === 'undefined' ? { version: '0.1.0-dev', gitSha: 'unknown' } : ETCDBRCTL_BUILD;

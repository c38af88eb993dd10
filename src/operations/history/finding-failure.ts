import type { Failure } from '../../runtime/failure.ts';
import type { ForkFinding } from './decide-fork.ts';
import { crossedFailure, crossedText, doubtFailure, doubtText, forkedText, forkFailure } from './fork-failure.ts';

/** What a finding says, as one sentence without a full stop, and the snapshot that it is about. */
export function findingText(finding: ForkFinding): { readonly snapshot: string; readonly text: string } {
  switch (finding.kind) {
    case 'different':
      return { snapshot: finding.pair.one.name, text: forkedText(finding.pair) };
    case 'doubt':
      return { snapshot: finding.fork.full.name, text: doubtText(finding.fork) };
    case 'unproven':
      return { snapshot: finding.crossed.after.name, text: crossedText(finding.crossed) };
    default:
      return finding satisfies never;
  }
}

/** The failure of a restore that a finding means. */
export function findingFailure(location: string, finding: ForkFinding): Failure {
  switch (finding.kind) {
    case 'different':
      return forkFailure(location, finding.pair);
    case 'doubt':
      return doubtFailure(location, finding.fork);
    case 'unproven':
      return crossedFailure(location, finding.crossed);
    default:
      return finding satisfies never;
  }
}

import { after, before, describe } from 'node:test';
import { commandLineCases } from './cases/command-line-cases.ts';
import { FaultRig, type FaultSubject } from './cases/fault-rig.ts';
import { foreignAnswerCases } from './cases/foreign-answer-cases.ts';
import { lastingFaultCases } from './cases/lasting-fault-cases.ts';
import { passingFaultCases } from './cases/passing-fault-cases.ts';
import { processCases } from './cases/process-cases.ts';
import { trustCases } from './cases/trust-cases.ts';

export type { FaultSubject, OpenedFaultSubject } from './cases/fault-rig.ts';

/** What an adapter makes of a bad network and a bad store: it succeeds all the same, or fails with a typed error in time, and leaves nothing. */
export function faultSuite(subject: FaultSubject): void {
  describe(`faults: ${subject.name}`, () => {
    const rig = new FaultRig(subject);
    before(() => rig.open());
    after(() => rig.close());
    // They mostly wait, so they wait together.
    describe('of the network', { concurrency: true }, () => {
      passingFaultCases(rig);
      lastingFaultCases(rig);
      foreignAnswerCases(rig);
      processCases(rig);
    });
    trustCases(rig);
    commandLineCases(rig);
  });
}

import type { Scenario } from '../../support/cluster/scenario.ts';

const nothing: Scenario['disturb'] = async ({ startedInMs, note }) => {
  note(`whole ${((startedInMs ?? 0) / 1_000).toFixed(0)} s after the start`);
};

/** One member begins a cluster. */
export const bootstrapOfOne: Scenario = {
  name: 'bootstrap of one',
  cluster: { pods: 1, members: 1 },
  disturb: nothing,
};

/** Three members begin a cluster at the same time. */
export const bootstrapOfThree: Scenario = {
  name: 'bootstrap of three',
  cluster: { pods: 3, members: 3 },
  disturb: nothing,
};

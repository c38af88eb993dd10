/** Records the tour anew: runs its steps on a scratch etcd, and writes docs/tour.md and docs/images/tour.svg from what they print. */
import { writeFileSync } from 'node:fs';
import { etcdRelease } from './lab/etcd-release.ts';
import { builtExecutable } from './lab/executable.ts';
import { projectRoot } from './lab/project-root.ts';
import { makeSandbox } from './lab/sandbox.ts';
import { type RecordedStep, tourDocument } from './tour/recorded.ts';
import { tourSteps } from './tour/steps.ts';
import { terminalPicture } from './tour/terminal-picture.ts';

const { version } = await etcdRelease('3.5');
await using sandbox = await makeSandbox({
  program: builtExecutable(),
  environment: { ETCDBRCTL_LOG_FORMAT: 'text', ETCDBRCTL_LOG_LEVEL: 'warn', ETCDBRCTL_STORAGE_PROVIDER: 'Local' },
});
const begun = performance.now();
const recorded: RecordedStep[] = [];
for (const step of tourSteps) {
  const isBackground = step.types.endsWith('&');
  // What runs on is given the time for a full, and what was written the time for a delta.
  const script = isBackground
    ? `ETCDBRCTL_LOG_LEVEL=info ${step.types.slice(0, -1)} > snapshot.log 2>&1 &\nuntil grep -q Full- snapshot.log; do sleep 0.1; done; sleep 1.5; cat snapshot.log`
    : step.types;
  const output = await sandbox.shell(script);
  if (step.types.includes('etcdctl del') || step.types.includes('undelete')) {
    await sandbox.shell('sleep 2.5');
  }
  recorded.push({ ...step, output: sandbox.plain(output) });
}
const seconds = Math.round((performance.now() - begun) / 1_000);
writeFileSync(`${projectRoot}docs/tour.md`, tourDocument(recorded, { etcd: version, seconds }));
writeFileSync(`${projectRoot}docs/images/tour.svg`, terminalPicture(recorded));
process.stdout.write(`docs/tour.md and docs/images/tour.svg: ${recorded.length} steps in ${seconds} s\n`);

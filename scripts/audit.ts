/**
 * Asks npm's registry for known faults of the packages that are in the executable. Ends with 0 when there are none but those that
 * docs/dependencies.md names, with 1 when there are others, and with 3 when it could not be asked: then somebody has to look elsewhere.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { auditAnswer, knownAdvisories } from './release/advisories.ts';

const root = join(import.meta.dirname, '..');
const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json', '--audit=true'], { cwd: root, encoding: 'utf8' });
const answer = auditAnswer(stdout ?? '');
if (answer.kind === 'not asked') {
  process.stderr.write(
    `Known faults of packages COULD NOT BE ASKED: ${answer.reason}. This says nothing of the packages: run it where the registry answers, ` +
      'or look them up as docs/dependencies.md says\n',
  );
  process.exitCode = 3;
} else {
  const known = knownAdvisories(readFileSync(join(root, 'docs/dependencies.md'), 'utf8'));
  const others = answer.advisories.filter(({ id }) => !known.has(id));
  for (const { id, packageName, severity, title, range } of others) {
    process.stderr.write(`${packageName} ${range}: ${title} (${severity}, ${id})\n`);
  }
  process.stdout.write(
    `Known faults of packages: ${answer.advisories.length}, of which ${answer.advisories.length - others.length} are named in docs/dependencies.md\n`,
  );
  process.exitCode = others.length > 0 ? 1 : 0;
}

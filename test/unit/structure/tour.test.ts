import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { tourSteps } from '../../../scripts/tour/steps.ts';
import { terminalPicture } from '../../../scripts/tour/terminal-picture.ts';
import { everyCommand } from '../../../src/cli/commands.ts';
import { placedOptions } from '../../../src/config/command-spec.ts';

const commands = await everyCommand();

const page = readFileSync(`${projectRoot}docs/tour.md`, 'utf8');
const picture = readFileSync(`${projectRoot}docs/images/tour.svg`, 'utf8');
const typed = tourSteps.flatMap(({ types }) => types.split('\n'));

describe('the tour', () => {
  it('shows the commands that the script types, in their order; make tour records it anew', () => {
    const shown = page.split('\n').flatMap((line) => (line.startsWith('$ ') ? [line.slice(2)] : []));
    assert.deepEqual(shown, typed);
  });

  it('has them in its picture, which holds nothing but text', () => {
    for (const { types } of tourSteps.filter(({ inPicture }) => inPicture !== false)) {
      for (const line of types.split('\n')) {
        assert.ok(picture.includes(`>$ ${line.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}</text>`), line);
      }
    }
    assert.doesNotMatch(picture, /<script|href=|onload/);
    assert.ok(readFileSync(`${projectRoot}README.md`, 'utf8').includes('](docs/images/tour.svg)'));
  });

  it('names commands and flags that exist', () => {
    for (const line of typed.filter((each) => each.startsWith('etcdbrctl '))) {
      const [, name = ''] = line.split(' ');
      const { spec } = commands.find((each) => each.spec.name === name) ?? assert.fail(line);
      const known = placedOptions(spec).map((option) => option.spec.flag);
      for (const [, flag = ''] of line.matchAll(/ --([a-z-]+)/g)) {
        assert.ok(known.includes(flag), `${name} --${flag}`);
      }
    }
  });

  it('shows nothing of the machine that it was recorded on', () => {
    assert.doesNotMatch(page + picture, /etcdbrctl-test-|\/tmp\//);
  });

  it('draws what a terminal would show: nothing of it is taken for markup', () => {
    const drawn = terminalPicture([{ says: '', types: 'cat <a> & b', output: '\n  two  blanks\n' }]);
    assert.match(drawn, />\$ cat &lt;a&gt; &amp; b<\/text>/);
    assert.match(drawn, /xml:space="preserve"> {2}two {2}blanks<\/text>/);
  });
});

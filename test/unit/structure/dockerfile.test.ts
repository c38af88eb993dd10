import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { type Stage, stagesOf } from '../../support/files/dockerfile.ts';

const read = (path: string): string => readFileSync(`${projectRoot}${path}`, 'utf8');
const stages = stagesOf(read('Dockerfile'));
const last = stages.at(-1) ?? assert.fail('no stage');

/** What the build makes, which no checkout has. */
const made = ['bin/etcdbrctl', 'bin/etcdbrctl-licenses.txt', 'bin/etcdbrctl-sbom.json'];

function texts({ instructions }: Stage, name: string): readonly string[] {
  return instructions.filter((each) => each.name === name).map(({ text }) => text);
}

/** The copies of a stage: from which stage, or the checkout, which paths. */
function copies(stage: Stage): readonly { readonly from: string | undefined; readonly paths: readonly string[] }[] {
  return texts(stage, 'COPY').map((text) => {
    const words = text.split(' ');
    const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
    return { from, paths: words.filter((word) => !word.startsWith('--')).slice(0, -1) };
  });
}

/** The Dockerfile as it is written; `make test-image` builds it. */
describe('the Dockerfile', () => {
  it('copies from earlier stages, and from the checkout what is there', () => {
    for (const [place, stage] of stages.entries()) {
      const earlier = stages.slice(0, place).map(({ name }) => name);
      for (const { from, paths } of copies(stage)) {
        if (from === undefined) {
          assert.deepEqual(
            paths.filter((path) => !existsSync(`${projectRoot}${path}`)),
            [],
          );
        } else {
          assert.ok(earlier.includes(from), `${from} is no earlier stage`);
        }
      }
    }
  });

  it('takes from the build what the build makes, which is in no context', () => {
    const built = stages.flatMap(copies).flatMap(({ from, paths }) => (from === 'build' ? paths : []));
    const ofCheckout = built.map((path) => path.replace(/^\/src\//, ''));
    assert.deepEqual(
      ofCheckout.filter((path) => !made.includes(path)),
      ['LICENSE'],
    );
    const ignored = read('.dockerignore').split('\n');
    assert.deepEqual(
      [...made, 'node_modules', '.cache'].filter((path) => !ignored.includes(path)),
      [],
    );
  });

  it('ends in a stage with nothing but those files, run by a user without rights', () => {
    assert.equal(last.from, 'scratch');
    assert.deepEqual(texts(last, 'RUN'), []);
    assert.deepEqual(texts(last, 'USER'), ['65532:65532']);
    assert.deepEqual(texts(last, 'WORKDIR'), ['/']);
    assert.deepEqual(texts(last, 'ENTRYPOINT'), ['["/etcdbrctl"]']);
    assert.deepEqual(texts(last, 'ENV'), ['PATH=/usr/local/bin:/usr/bin:/bin']);
    const files = read('scripts/image-files.sh');
    assert.match(files, /^ln -s \/etcdbrctl "\$image\/usr\/local\/bin\/etcdbrctl"$/m);
    assert.match(files, /^nonroot:x:65532:65532:nonroot:\/home\/nonroot:/m);
  });

  it('labels it with the version of this checkout', () => {
    const { version, license, description } = JSON.parse(read('package.json')) as Record<string, string>;
    assert.ok(texts(last, 'ARG').includes(`VERSION=${version}`));
    const [labels = ''] = texts(last, 'LABEL');
    for (const label of [
      `image.licenses="${license}"`,
      `image.description="${description}"`,
      'image.title="etcdbrctl"',
      `image.version="\${VERSION}"`,
      `image.revision="\${REVISION}"`,
    ]) {
      assert.ok(labels.includes(`org.opencontainers.${label}`), label);
    }
  });
});

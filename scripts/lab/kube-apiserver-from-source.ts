import { readFileSync } from 'node:fs';
import { downloadedModule } from './downloaded-module.ts';
import { goProgram } from './go-program.ts';

const [major, minor, patch] = ['1', '35', '4'];
const version = `v${major}.${minor}.${patch}`;

/** Where its packages look for the version that they say they are. */
const versionPackage = 'k8s.io/component-base/version';

/**
 * The path of kube-apiserver, which the machine's Go toolchain builds into .cache when it is not there; that takes nine minutes of CPU. Its own go.mod takes modules such as k8s.io/api from folders next to it, which a module of the proxy does not have: they are
 * published as v0.MINOR.PATCH.
 */
export async function kubeApiServerFromSource(): Promise<string> {
  const { goMod } = await downloadedModule('k8s.io/kubernetes', version);
  const published = [...readFileSync(goMod, 'utf8').matchAll(/^\s*(\S+) => \.\/staging\//gm)].map(
    ([, module = '']) => `replace ${module} => ${module} v0.${minor}.${patch}`,
  );
  return await goProgram({
    name: 'kube-apiserver',
    version,
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    modules: [`require k8s.io/kubernetes ${version}`, ...published],
    variables: {
      [`${versionPackage}.gitVersion`]: version,
      [`${versionPackage}.gitMajor`]: major,
      [`${versionPackage}.gitMinor`]: minor,
    },
  });
}

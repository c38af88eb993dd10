import { goProgram } from './go-program.ts';

const version = 'v3.18.6';

/** The path of helm, which the machine's Go toolchain builds into .cache when it is not there. */
export async function helmFromSource(): Promise<string> {
  return await goProgram({
    name: 'helm',
    version,
    package: 'helm.sh/helm/v3/cmd/helm',
    modules: [`require helm.sh/helm/v3 ${version}`],
  });
}

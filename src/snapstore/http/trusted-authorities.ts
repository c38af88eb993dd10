import { certificatesIn, certificatesInDirectory } from '../../runtime/certificate-files.ts';
import { type Environment, variable } from '../../runtime/environment.ts';
import { nodeTls } from './node-tls.ts';

/**
 * PEM of the authorities that every store, its token service and its proxy are trusted by: those that come with Node, those of
 * the machine, and those that `SSL_CERT_FILE`, `SSL_CERT_DIR` (several, separated by colons) and `AWS_CA_BUNDLE` name.
 * What cannot be read there is handed to `onUnreadable` and left out.
 */
export function trustedAuthorities(
  environment: Environment,
  onUnreadable: (name: string, error: unknown) => void,
): readonly string[] {
  const { getCACertificates } = nodeTls();
  const found = [...getCACertificates('default'), ...getCACertificates('system')];
  const read = (name: string, path: string, certificates: (path: string) => readonly string[]): void => {
    try {
      found.push(...certificates(path));
    } catch (error) {
      onUnreadable(name, error);
    }
  };
  for (const name of ['SSL_CERT_FILE', 'AWS_CA_BUNDLE']) {
    const file = variable(environment, name);
    if (file !== undefined) {
      read(name, file, certificatesIn);
    }
  }
  const directories = variable(environment, 'SSL_CERT_DIR')?.split(':') ?? [];
  for (const directory of directories.filter((each) => each !== '')) {
    read('SSL_CERT_DIR', directory, certificatesInDirectory);
  }
  return [...new Set(found)];
}

import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { helmFromSource } from '../../../scripts/lab/helm-from-source.ts';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { run } from '../../../scripts/lab/run.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';

/** The chart of the examples. */
export const chart = `${projectRoot}example/helm/etcd-backup-restore`;

/** Values under `tls` with all that can be, everywhere the same authority, certificate and key (PEM). */
export function everyTls({ ca, crt, key }: { readonly ca: string; readonly crt: string; readonly key: string }) {
  const pair = { crt, key };
  return {
    etcd: { ca, server: pair, client: pair, peer: { ca, server: pair } },
    etcdBackupRestore: { ca, server: pair, client: pair },
  };
}

/** Values under `backup` for each store; the empty one backs nothing up. */
export const providers = {
  S3: {
    s3: {
      region: 'eu',
      accessKeyID: 'a',
      secretAccessKey: 'b',
      endpoint: 'https://s3',
      sseCustomerKey: 'k',
      sseCustomerAlgorithm: 'AES256',
    },
  },
  GCS: { gcs: { serviceAccountJson: '{}', projectID: 'p', storageAPIEndpoint: 'https://gcs' } },
  ABS: { abs: { storageAccount: 'a', storageKey: 'b' } },
  Swift: {
    swift: { authURL: 'https://k', domainName: 'd', username: 'u', password: 'p', tenantName: 't', regionName: 'r' },
  },
  OSS: { oss: { endpoint: 'oss.example', accessKeySecret: 's', accessKeyID: 'i' } },
  ECS: { ecs: { endpoint: 'https://ecs', secretAccessKey: 's', accessKeyID: 'i' } },
  OCS: { ocs: { accessKeyID: 'i', secretAccessKey: 's', endpoint: 'https://ocs', region: 'r' } },
  Local: {},
  '': {},
};

/** What `helm template` makes of the chart, as the release main in the namespace shoot; helm is built when it is not there. */
export async function renderChart(values: object): Promise<string> {
  using dir = makeTempDir();
  writeFileSync(dir.join('values.yaml'), stringify(values));
  const command = ['template', 'main', chart, '--namespace', 'shoot', '-f', dir.join('values.yaml')];
  return (await run(await helmFromSource(), command)).stdout;
}

import { stat } from 'node:fs/promises';
import { UsageFailure } from '../config/usage-failure.ts';
import { silentProgress } from '../runtime/terminal/progress.ts';
import { command } from './command.ts';
import { serverGroups } from './server-groups.ts';
import { sidecarAuthorities } from './sidecar-authorities.ts';
import { versionLines } from './version.ts';

/** How long the end may take after the first signal, ms: for the last delta and for requests that were taken. */
const stopMs = 20_000;
/** How long requests that were taken may go on then, ms. */
const requestsMs = 18_000;

/** `etcdbrctl server`. */
export const serverCommand = command({
  name: 'server',
  description:
    'Listens for HTTP requests to validate and restore the data directory of the etcd member next to it and to take ' +
    'snapshots, and takes backups by schedule while that member leads the cluster.',
  examples: [
    { does: 'Everything from a file:', command: 'etcdbrctl server --config-file /etc/etcdbrctl/config.yaml' },
    {
      does: 'The same file, another port:',
      command: 'etcdbrctl server --config-file /etc/etcdbrctl/config.yaml --server-port 9090',
    },
  ],
  groups: serverGroups,
  stopMs,
  async run(invocation) {
    const { config } = invocation;
    const context = { ...invocation.context, progress: silentProgress };
    const { refuseUnknownZone } = await import('../config/local-zone.ts');
    refuseUnknownZone(context.environment);
    const { refuseMisplacedDirectory } = await import('../operations/restore/refuse-misplaced-directory.ts');
    await refuseMisplacedDirectory(
      { store: undefined, directory: config.restoration.dataDir, flag: '--data-dir', action: 'restore into' },
      context,
    );
    for (const line of versionLines()) {
      context.log.info(line);
    }
    const { identitiesOf, reloadedRecipientsOf } = await import('./encryption-keys.ts');
    const recipients = await reloadedRecipientsOf(config.encryption, context);
    const { configFile } = config.configFile;
    await refusePipes([
      ...config.identity.identityFiles.map((path) => ({ flag: '--identity', path })),
      ...(configFile === undefined ? [] : [{ flag: '--config-file', path: configFile }]),
    ]);
    // They are read again with each store; what is wrong with them is known before anything begins.
    await identitiesOf(config.identity, context);
    if (recipients !== undefined && config.identity.identityFiles.length === 0) {
      context.log.warn(
        'What is stored is encrypted, and no --identity is given: this process cannot read it. It takes a full at each start, restores ' +
          'nothing, and its verification proves nothing: give --identity, or --verification-schedule off and run etcdbrctl verify where ' +
          'the secret key is; see docs/encryption.md',
      );
    }
    const { sidecarPartsOf } = await import('./sidecar-parts.ts');
    const { runServer } = await import('../server/server.ts');
    const { startHttpServer } = await import('../server/http/http-server.ts');
    const { certFile, keyFile, listenAddress: address, port, authTokenFile, noUi, enableProfiling } = config.server;
    const { AuthTokens } = await import('../server/http/access/auth-tokens.ts');
    const tokens = authTokenFile === undefined ? undefined : await AuthTokens.open(authTokenFile, context);
    const commandLine = enableProfiling ? await invocation.commandLine() : [];
    const { keepExecutablePagesFew } = await import('../runtime/memory/resident-executable.ts');
    void keepExecutablePagesFew(context);
    await runServer(
      {
        parts: sidecarPartsOf({ ...invocation, context }, { tokens, recipients }),
        listen: (sidecar) =>
          startHttpServer(
            {
              sidecar,
              address,
              port,
              certificate: certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile },
              caFile: sidecarAuthorities(config),
              tokens,
              dashboard: !noUi,
              profiling: enableProfiling ? { commandLine } : undefined,
            },
            context,
          ),
        graceMs: requestsMs,
      },
      context,
    );
    context.log.info('Shutting down...');
  },
});

/** Each store that is opened, and the process that verifies, reads these files again: a pipe would be empty then. */
async function refusePipes(files: readonly { readonly flag: string; readonly path: string }[]): Promise<void> {
  for (const { flag, path } of files) {
    const facts = await stat(path).catch(() => undefined);
    if (facts !== undefined && !facts.isFile() && !facts.isDirectory()) {
      throw new UsageFailure({
        action: 'use',
        object: `${flag} ${path}`,
        found: 'it is a pipe or a device: a server reads it again and again, which takes a regular file',
        remedy: flag === '--identity' ? 'give a file as age-keygen writes it' : 'write it to a file and name that',
      });
    }
  }
}

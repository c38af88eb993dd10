import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { type EtcdRelease, unsupportedArchitecture } from '../../../scripts/lab/etcd-release.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { EtcdWrapper } from '../server/etcd-wrapper.ts';
import { RestartedProcess } from './restarted-process.ts';

/** Where the wrapper's own server listens. */
export const wrapperPort = 9095;

/** The container of an etcd. */
export interface WrappedEtcdParts {
  readonly name: string;
  readonly release: EtcdRelease;
  readonly address: string;
  readonly sidecarPort: number;
  /** PEM file of the authorities of a sidecar that serves HTTPS. */
  readonly sidecarCa: string | undefined;
  /** The volume: `exit_code` lies there, and the data directory `new.etcd`. */
  readonly volume: string;
  /** The wrapper's home, for the configuration that it was given. */
  readonly home: string;
  /** The command as it has to be started to run in the pod. */
  inside(command: readonly string[]): readonly string[];
  /** Whether the wrapper can listen at the address of the pod. */
  readonly servesStop: boolean;
}

/**
 * etcd-wrapper v0.8 with its etcd, by what is told of it in the contract: it has the sidecar initialize the directory, asks for the
 * configuration, starts etcd with that, and begins again when etcd has ended. `POST /stop` ends etcd. `exit_code` says on the next
 * start whether a signal had ended it, as only then the quick validation is enough.
 */
export class WrappedEtcd extends RestartedProcess {
  readonly #parts: WrappedEtcdParts;
  #server: AsyncDisposable | undefined;
  /** Requests to the sidecar and its answers, since the container was started last. */
  transcript: readonly string[] = [];
  /** How often somebody asked for `/stop`. */
  stops = 0;

  constructor(parts: WrappedEtcdParts) {
    const { name, release, address, sidecarPort, sidecarCa, volume, home, inside } = parts;
    const exitCode = join(volume, 'exit_code');
    super(`etcd of ${name}`, {
      prepare: async (signal) => {
        const ended = existsSync(exitCode) ? readFileSync(exitCode, 'utf8').trim() : '';
        rmSync(join(volume, 'validation_marker'), { force: true });
        const wrapper = new EtcdWrapper({
          host: address,
          port: sidecarPort,
          serverName: 'etcd-main-local',
          caFile: sidecarCa,
          mode: ended === 'terminated' || ended === 'interrupt' ? 'sanity' : 'full',
          clock: systemClock,
          signal,
        });
        this.transcript = wrapper.transcript;
        const config = join(home, 'served.conf.yaml');
        writeFileSync(config, await wrapper.bootstrap(), { mode: 0o600 });
        return { command: inside([release.etcd, `--config-file=${config}`]), env: unsupportedArchitecture };
      },
      started: () => rmSync(exitCode, { force: true }),
    });
    this.#parts = parts;
  }

  override start(): void {
    super.start();
    if (this.#parts.servesStop) {
      this.#server ??= this.#listen();
    }
  }

  override async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (signal === 'SIGTERM' && this.pid !== undefined) {
      writeFileSync(join(this.#parts.volume, 'exit_code'), 'terminated');
    }
    await super.stop(signal);
    await this.#server?.[Symbol.asyncDispose]();
    this.#server = undefined;
  }

  #listen(): AsyncDisposable {
    const server = createServer((request, response) => {
      if (request.method === 'POST' && request.url === '/stop') {
        this.stops += 1;
        // etcd is closed first; the process ends, and with it the connection, perhaps before the answer.
        void this.kill('SIGTERM').then(() => response.destroy());
        return;
      }
      response.writeHead(200).end();
    });
    server.listen(wrapperPort, this.#parts.address);
    return {
      [Symbol.asyncDispose]: async () => {
        server.closeAllConnections();
        await new Promise((resolve) => {
          server.close(resolve);
        });
      },
    };
  }
}

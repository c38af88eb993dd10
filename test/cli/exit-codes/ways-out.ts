import { cpSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { goldenStorePath } from '../../support/fixtures/golden-store.ts';
import { playAnswers, xmlRefusal } from '../../support/servers/answer-script.ts';
import { startS3Server } from '../../support/servers/s3-server.ts';
import { startSilentServer } from '../../support/servers/silent-server.ts';
import type { Finished, Rig, RunOptions } from '../rig.ts';
import { s3Place } from '../s3-place.ts';

/** What a command line is made of besides the command. */
export interface Place {
  /** Flags of the store that the command reads; the source's of a copy. */
  readonly store: readonly string[];
  /** Where the etcd is that `snapshot` backs up. */
  readonly etcd: string;
  /** What `status` reads. */
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
}

/** How a command may end; the names are the heads of the table in docs/exit-codes.md. */
export type WayOut =
  | 'done'
  | 'interrupted'
  | 'stdout is full'
  | 'store missing'
  | 'store empty'
  | 'store refuses'
  | 'bad option'
  | 'damaged';

/** Runs the command line that `args` makes for a place. */
export interface Attempt {
  readonly rig: Rig;
  readonly command: string;
  readonly etcd: string;
  args(place: Place): readonly string[];
}

const delta = 'store/etcd-main/v2/Incr-00000090-00000119-1795251536.gz';

/** Ends a command in each of these ways. */
export const waysOut: Readonly<Record<WayOut, (attempt: Attempt) => Promise<Finished>>> = {
  done: async (attempt) => {
    const place = soundPlace(attempt);
    if (attempt.command === 'server') {
      return await served(attempt, place);
    }
    if (attempt.command !== 'snapshot') {
      return await run(attempt, place);
    }
    const running = attempt.rig.start([...attempt.args(place), '--log-format=text']);
    await running.saw(/Applied watch on etcd from revision/);
    running.kill('SIGTERM');
    return await running.finished;
  },

  interrupted: async (attempt) => {
    const { rig } = attempt;
    await using silent = await startSilentServer();
    const s3 = s3Place(rig, silent.url, attempt.command.startsWith('copy') ? 'source' : 'store');
    const usesStore = !/^(snapshot|status|server|apply)/.test(attempt.command);
    const sound = soundPlace(attempt);
    const place = {
      ...sound,
      store: usesStore ? s3.flags : sound.store,
      etcd: silent.url,
      file: endlessFile(rig),
      env: s3.env,
    };
    const running = rig.start([...attempt.args(place), '--log-format=text'], { env: place.env });
    await (attempt.command === 'status' ? reading(running.pid) : silent.connected);
    running.kill('SIGTERM');
    return await running.finished;
  },

  'stdout is full': (attempt) => run(attempt, soundPlace(attempt), { shell: 'exec "$@" >/dev/full' }),

  'store missing': (attempt) => run(attempt, { ...soundPlace(attempt), store: localFlags(attempt, 'nowhere') }),

  'store empty': (attempt) => {
    mkdirSync(attempt.rig.home.join('empty'));
    return run(attempt, { ...soundPlace(attempt), store: localFlags(attempt, 'empty') });
  },

  'store refuses': async (attempt) => {
    await using server = await startS3Server();
    server.fault(playAnswers({ '*': xmlRefusal(403, 'AccessDenied') }));
    const { flags, env } = s3Place(
      attempt.rig,
      server.endpoint,
      attempt.command.startsWith('copy') ? 'source' : 'store',
    );
    return await run(attempt, { ...soundPlace(attempt), store: flags, env });
  },

  'bad option': (attempt) => {
    const { rig, command } = attempt;
    const words: Readonly<Record<string, readonly string[]>> = {
      help: ['help', 'snpashot'],
      completion: ['completion'],
      'completion bash': ['completion', 'bash', '--no-such-flag'],
      licenses: ['licenses', '--no-such-flag'],
      version: ['version', '--no-such-flag'],
    };
    return words[command] === undefined
      ? rig.run([...attempt.args(soundPlace(attempt)), '--no-such-flag', '--log-format=text'])
      : rig.run(words[command]);
  },

  damaged: (attempt) => {
    const place = soundPlace(attempt);
    bend(attempt.rig.home.join(delta));
    bend(place.file);
    return run(attempt, place);
  },
};

/** What a server has done before it is stopped, by how it fares: a store that fails ends nothing. */
const WORKING = /Applied watch on etcd|Failed to|Trying to|cannot (list|use|look)/;

/** Runs a server until it has begun to work, and stops it. */
async function served(attempt: Attempt, place: Place, options: RunOptions = {}): Promise<Finished> {
  const args = [...attempt.args(place), '--log-format=text'];
  const running = attempt.rig.start(args, { ...options, env: place.env });
  await running.saw(/Listening for HTTP/);
  await running.saw(WORKING);
  running.kill('SIGTERM');
  return await running.finished;
}

async function run(attempt: Attempt, place: Place, options: RunOptions = {}): Promise<Finished> {
  if (attempt.command === 'server') {
    return await served(attempt, place, options);
  }
  const logs = /^(help|licenses|version|completion)/.test(attempt.command) ? [] : ['--log-format=text'];
  return await attempt.rig.run([...attempt.args(place), ...logs], { ...options, env: place.env });
}

/** A golden backup, a sound snapshot file and a living etcd. */
function soundPlace(attempt: Attempt): Place {
  const { rig, etcd } = attempt;
  cpSync(goldenStorePath('etcd-3.5/gzip'), rig.home.join('store'), { recursive: true });
  const file = rig.home.join('full.gz');
  cpSync(rig.home.join('store/etcd-main/v2/Full-00000000-00000058-1795251532.gz'), file);
  return { store: localFlags(attempt, 'store'), etcd, file, env: {} };
}

function localFlags({ rig, command }: Attempt, directory: string): readonly string[] {
  const flag = command.startsWith('copy') ? 'source-' : '';
  return [
    `--${flag}storage-provider=Local`,
    `--${flag}store-container=${rig.home.join(directory)}`,
    `--${flag}store-prefix=etcd-main`,
  ];
}

function bend(file: string): void {
  const bytes = readFileSync(file);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

/** A file with the length of a snapshot that takes many seconds to read; it occupies no space. */
function endlessFile(rig: Rig): string {
  const file = rig.home.join('endless.db');
  cpSync(`${goldenStorePath('etcd-3.5/none')}etcd-main/v2/Full-00000000-00000058-1795251566`, file);
  truncateSync(file, 32 * 1024 ** 3 + 32);
  return file;
}

/** Resolves when the process has read much. */
async function reading(pid: number): Promise<void> {
  await eventually(() => {
    const read = Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1] ?? 0);
    return read > 256 * 1024 ** 2 ? true : undefined;
  });
}

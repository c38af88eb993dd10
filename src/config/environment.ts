import { homedir } from 'node:os';
import { env } from 'node:process';
import { type Environment, variable } from '../runtime/environment.ts';

/** The environment the program was started in: nothing else reads it. */
export function processEnvironment(): Environment {
  const given = { ...env };
  if (!hasHome()) {
    // The AWS SDK looks for its files in the home directory and fails where there is none; so it finds no files there.
    env['HOME'] = '/nonexistent';
  }
  return given;
}

/** A user without an entry in passwd, as containers have it, and without HOME has none. */
function hasHome(): boolean {
  try {
    return homedir() !== '';
  } catch {
    return false;
  }
}

/** What the orchestrator says about the pod of this process. */
export interface PodEnvironment {
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  /** Path of etcd's own configuration file. */
  readonly etcdConfigFile: string;
  /** Which pod of an indexed job this is, from 0, and how many there are. */
  readonly jobIndex: string | undefined;
  readonly jobCount: string | undefined;
}

/** Reads POD_NAME, POD_NAMESPACE, ETCD_CONF, JOB_COMPLETION_INDEX and JOB_COMPLETIONS. Empty variables count as not set. */
export function podEnvironment(environment: Environment): PodEnvironment {
  return {
    name: variable(environment, 'POD_NAME'),
    namespace: variable(environment, 'POD_NAMESPACE'),
    jobIndex: variable(environment, 'JOB_COMPLETION_INDEX'),
    jobCount: variable(environment, 'JOB_COMPLETIONS'),
    etcdConfigFile: variable(environment, 'ETCD_CONF') ?? '/var/etcd/config/etcd.conf.yaml',
  };
}

import { env } from 'node:process';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment the program was started in. */
export function processEnvironment(): Environment {
  return env;
}

/** What the orchestrator tells about the pod the program runs in. */
export interface PodEnvironment {
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  /** Path of etcd's own configuration file. */
  readonly etcdConfigFile: string;
}

/** Reads POD_NAME, POD_NAMESPACE and ETCD_CONF. Empty variables count as not set. */
export function podEnvironment(environment: Environment): PodEnvironment {
  return {
    name: environment['POD_NAME'] || undefined,
    namespace: environment['POD_NAMESPACE'] || undefined,
    etcdConfigFile: environment['ETCD_CONF'] || '/var/etcd/config/etcd.conf.yaml',
  };
}

import { env } from 'node:process';
import { type EtcdLine, etcdLines } from '../../../scripts/lab/etcd-release.ts';

/** Lines that the samples are played on: the newer one in `make test`, as a sample takes minutes; all that `ETCD_LINES` names where it is set. */
export const testedEtcdLines: readonly EtcdLine[] = env['ETCD_LINES'] === undefined ? etcdLines.slice(-1) : etcdLines;

import { Failure } from '../runtime/failure.ts';

/** The failure of an account that cannot be used. */
export function credentialsFailure(found: string, cause?: unknown): Failure {
  return new Failure({
    code: 'kube_credentials',
    action: 'use',
    object: 'Kubernetes',
    found,
    remedy: 'run in a pod with a service account, or set KUBECONFIG',
    cause,
  });
}

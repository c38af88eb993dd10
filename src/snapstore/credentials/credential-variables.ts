import { storeRoles, variablePrefix } from '../store-role.ts';

/** What paths of credentials are named by. */
const paths = ['AWS', 'AZURE', 'OPENSTACK', 'ALICLOUD', 'OPENSHIFT'].flatMap((stem) => [
  `${stem}_APPLICATION_CREDENTIALS`,
  `${stem}_APPLICATION_CREDENTIALS_JSON`,
]);

const ecs = [
  'ENDPOINT',
  'ACCESS_KEY_ID',
  'SECRET_ACCESS_KEY',
  'SECRET_ACCESS_KEY_FILE',
  'DISABLE_SSL',
  'INSECURE_SKIP_VERIFY',
];

const openStack = [
  'AUTH_URL',
  'TENANT_NAME',
  'PROJECT_NAME',
  'DOMAIN_NAME',
  'USER_DOMAIN_NAME',
  'PROJECT_DOMAIN_NAME',
  'REGION_NAME',
  'USERNAME',
  'PASSWORD',
  'PASSWORD_FILE',
  'APPLICATION_CREDENTIAL_ID',
  'APPLICATION_CREDENTIAL_NAME',
  'APPLICATION_CREDENTIAL_SECRET',
  'APPLICATION_CREDENTIAL_SECRET_FILE',
];

const own = [
  ...paths,
  'GOOGLE_APPLICATION_CREDENTIALS',
  ...ecs.map((name) => `ECS_${name}`),
  'OCS_DISABLE_SSL',
  'OCS_INSECURE_SKIP_VERIFY',
  ...openStack.map((name) => `OS_${name}`),
];

/** Those that the SDK of AWS reads, whatever the store's role is. */
const ofSdk = ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];

/** Every variable that credentials may come from, for every role of a store. */
export const credentialVariables: readonly string[] = [
  ...storeRoles.flatMap((role) => own.map((name) => variablePrefix(role) + name)),
  ...ofSdk,
];

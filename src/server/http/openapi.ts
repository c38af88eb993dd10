/** A schema of JSON Schema 2020-12, as OpenAPI 3.1 has it. */
type Schema = Readonly<Record<string, unknown>>;

const empty = (description: string): Schema => ({ description });
const json = (description: string, schema: Schema): Schema => ({
  description,
  content: { 'application/json': { schema } },
});
const text = (description: string, schema: Schema): Schema => ({ description, content: { 'text/plain': { schema } } });
const flag = (name: string): Schema => ({
  type: 'object',
  properties: { [name]: { type: 'boolean' } },
  required: [name],
  additionalProperties: false,
});
const reference = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** A token is needed where `--auth-token-file` is given, and none otherwise. */
const security = [{ bearer: [] }, { basic: [] }, {}];

const noSnapshots = {
  405: empty('No store is configured, or no healthy leader was found to forward the request to.'),
  500: empty('It failed, or the snapshotter is not active. The header `Etcdbrctl-Failure` names the error code.'),
  502: empty('The leader broke off before it answered.'),
};

const refused = {
  401: text('A token of `--auth-token-file` is needed.', { type: 'string' }),
  403: text('A browser was sent here by another site.', { type: 'string' }),
};

/**
 * A path acts the same for every method; GET and POST are what callers use. All but health may need a token, and is refused to
 * browsers that come from elsewhere.
 */
function path(
  operation: { readonly summary: string; readonly responses: Schema } & Schema,
  audience: 'clients' | 'all' = 'clients',
): Schema {
  const { operationId, ...described } = operation;
  const responses = audience === 'all' ? described.responses : { ...described.responses, ...refused };
  const rest = { ...described, responses, security: audience === 'all' ? [] : security };
  return {
    get: { ...rest, operationId },
    post: { ...rest, operationId: `${operationId}ByPost` },
  };
}

const snapshotKeys: Schema = {
  createdOn: { type: 'string', format: 'date-time' },
  immutabilityExpriyTime: {
    type: 'string',
    format: 'date-time',
    description: 'Until then the store forbids deletion; `0001-01-01T00:00:00Z`: it does not.',
  },
  versionID: { type: ['string', 'null'] },
  kind: { type: 'string', enum: ['Full', 'Incr'] },
  snapDir: { type: 'string' },
  snapName: { type: 'string' },
  prefix: { type: 'string' },
  compressionSuffix: { type: 'string', pattern: '^(\\.gz|\\.zlib|\\.Z|\\.zst)?(\\.age)?$' },
  startRevision: { type: 'integer', minimum: 0 },
  lastRevision: { type: 'integer', minimum: 0 },
  isChunk: { type: 'boolean' },
  isFinal: { type: 'boolean' },
};

const orNull = (type: 'number' | 'integer' | 'string', more: Schema = {}): Schema => ({
  type: [type, 'null'],
  ...more,
});
const time: Schema = { format: 'date-time' };
const object = (properties: Readonly<Record<string, Schema>>): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
const objectOrNull = (properties: Readonly<Record<string, Schema>>): Schema => ({
  anyOf: [object(properties), { type: 'null' }],
});

const schemas = {
  BackupStatus: object({
    store: orNull('string'),
    chain: objectOrNull({
      full: { type: 'string' },
      deltas: { type: 'integer', minimum: 0 },
      lastRevision: { type: 'integer', minimum: 0 },
      storedBytes: { type: 'integer', minimum: 0 },
    }),
    recoveryPointAgeSeconds: orNull('number', { minimum: 0 }),
    estimatedRestoreSeconds: orNull('number', { minimum: 0 }),
    storeOutageSeconds: { type: 'number', minimum: 0 },
    proof: objectOrNull({
      at: { type: 'string', ...time },
      outcome: { type: 'string', enum: ['sound', 'damaged', 'not found out'] },
      seconds: orNull('number'),
      provableRevision: orNull('integer'),
      provableStateOf: orNull('string', time),
      problems: { type: 'array', items: { type: 'string' } },
    }),
    unprovable: orNull('string'),
    secondary: objectOrNull({
      upTo: orNull('string', time),
      outcome: { type: 'string', enum: ['synced', 'failed'] },
    }),
    nextRuns: object({
      full: orNull('string', time),
      defragmentation: orNull('string', time),
      verification: orNull('string', time),
    }),
    lastErrors: {
      type: 'array',
      maxItems: 10,
      items: object({ at: { type: 'string', ...time }, code: { type: 'string' } }),
    },
  }),
  Snapshot: {
    type: 'object',
    properties: snapshotKeys,
    required: Object.keys(snapshotKeys),
    additionalProperties: false,
  },
  LatestSnapshots: {
    type: 'object',
    properties: {
      fullSnapshot: { anyOf: [reference('Snapshot'), { type: 'null' }] },
      deltaSnapshots: { anyOf: [{ type: 'array', minItems: 1, items: reference('Snapshot') }, { type: 'null' }] },
    },
    required: ['fullSnapshot', 'deltaSnapshots'],
    additionalProperties: false,
  },
};

/** What the server answers, as an OpenAPI 3.1 document. */
export const openApiDocument = {
  openapi: '3.1.0',
  info: {
    title: 'etcdbrctl server',
    version: '1',
    description:
      'The sidecar of an etcd member. Every method acts the same, but browsers change something only from the page of the server itself; unknown paths are answered with 404, and large answers ' +
      'with 503 while too many of them wait for slow clients.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  paths: {
    '/healthz': path(
      {
        operationId: 'health',
        summary: 'Whether our member leads and etcd answered the last probe; always 503 on followers.',
        responses: { 200: json('It does.', flag('health')), 503: json('It does not.', flag('health')) },
      },
      'all',
    ),
    '/livez': path(
      {
        operationId: 'liveness',
        summary: 'Whether the process answers.',
        responses: { 200: json('It does.', flag('live')) },
      },
      'all',
    ),
    '/readyz': path(
      {
        operationId: 'readiness',
        summary: 'Whether requests for snapshots can be served here or forwarded.',
        responses: { 200: json('They can.', flag('ready')), 503: json('They cannot.', flag('ready')) },
      },
      'all',
    ),
    '/initialization/start': path({
      operationId: 'startInitialization',
      summary: 'Begins to validate the data directory, and to restore it where that is needed.',
      parameters: [
        {
          name: 'mode',
          in: 'query',
          description: 'Anything but `sanity` means `full`.',
          schema: { type: 'string', examples: ['full', 'sanity'] },
        },
      ],
      responses: { 200: empty('It has begun, runs already, or begins when the last result was read.') },
    }),
    '/initialization/status': path({
      operationId: 'initializationStatus',
      summary: 'How the initialization goes. Reading `Successful` or `Failed` resets it to `New`.',
      responses: {
        200: text('One word, without a line end.', {
          type: 'string',
          enum: ['New', 'Progress', 'Successful', 'Failed'],
        }),
      },
    }),
    '/snapshot/full': path({
      operationId: 'takeFull',
      summary: 'Takes a full snapshot and answers when it is stored.',
      parameters: [
        {
          name: 'final',
          in: 'query',
          description:
            'Marks the last full before the cluster is deleted. A boolean as Go reads it; empty means false.',
          schema: {
            type: 'string',
            enum: ['', '1', 't', 'T', 'true', 'TRUE', 'True', '0', 'f', 'F', 'false', 'FALSE', 'False'],
          },
        },
      ],
      responses: {
        200: json('The snapshot.', reference('Snapshot')),
        400: empty('`final` is no boolean.'),
        ...noSnapshots,
      },
    }),
    '/snapshot/delta': path({
      operationId: 'takeDelta',
      summary: 'Writes the events that wait as a delta snapshot.',
      responses: {
        200: json('The snapshot; `null` when nothing was waiting.', {
          anyOf: [reference('Snapshot'), { type: 'null' }],
        }),
        ...noSnapshots,
      },
    }),
    '/snapshot/latest': path({
      operationId: 'latestSnapshots',
      summary: 'The newest full in the store and the deltas that continue it.',
      responses: { 200: json('What the store holds.', reference('LatestSnapshots')), ...noSnapshots },
    }),
    '/backup/status': path({
      operationId: 'backupStatus',
      summary: 'The state of the backup, as far as this sidecar has seen: it knows most while its member leads.',
      responses: { 200: json('What is known.', reference('BackupStatus')) },
    }),
    '/': path({
      operationId: 'dashboard',
      summary: 'The dashboard, a page for browsers; not there with `--no-ui`.',
      responses: {
        200: {
          description: 'One page that loads nothing else.',
          content: { 'text/html': { schema: { type: 'string' } } },
        },
      },
    }),
    '/dashboard/events': path({
      operationId: 'dashboardEvents',
      summary:
        'What the dashboard shows, for as long as the client stays; its form may change. For programs: `/backup/status`.',
      responses: {
        200: {
          description: 'Server-sent events `clock`, `state` and `store`, whenever something has changed.',
          content: { 'text/event-stream': { schema: { type: 'string' } } },
        },
        503: empty('As many look as may.'),
      },
    }),
    '/config': path({
      operationId: 'etcdConfiguration',
      summary: "etcd's configuration for the member of this pod.",
      responses: {
        200: text('YAML.', { type: 'string' }),
        500: text('Why it cannot be made.', { type: 'string' }),
      },
    }),
    '/metrics': path({
      operationId: 'metrics',
      summary: 'Metrics in the text format of Prometheus, version 0.0.4.',
      responses: { 200: text('All series.', { type: 'string' }) },
    }),
    '/openapi.json': path({
      operationId: 'openApi',
      summary: 'This document.',
      responses: { 200: json('OpenAPI 3.1.', { type: 'object' }) },
    }),
  },
  components: {
    schemas,
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer', description: 'A token of `--auth-token-file`.' },
      basic: {
        type: 'http',
        scheme: 'basic',
        description: 'The same token as the password of any user, for browsers.',
      },
    },
  },
} as const;

/** The document as JSON. */
export const openApiText = JSON.stringify(openApiDocument);

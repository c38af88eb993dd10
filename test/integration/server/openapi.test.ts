import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { fromJSONSchema } from 'zod';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { run } from '../../../scripts/lab/run.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { Failure } from '../../../src/runtime/failure.ts';
import { AuthTokens } from '../../../src/server/http/access/auth-tokens.ts';
import { openApiDocument } from '../../../src/server/http/openapi.ts';
import { recordedContext } from '../../support/context/run-context.ts';
import { fc } from '../../support/fuzz/seeded-properties.ts';
import type { FakeSidecar } from '../../support/server/fake-sidecar.ts';
import { storedFull } from '../../support/server/hold-fulls.ts';
import { rawAnswer } from '../../support/server/raw-connection.ts';
import { type Served, serveFakeSidecar } from '../../support/server/serve-fake-sidecar.ts';

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly schema: { readonly enum?: readonly string[] } }[];
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Record<string, unknown> }>> }>
  >;
}

const document = openApiDocument as unknown as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
};

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

/** Says how an answer differs from the document; undefined when it does not. */
async function difference(operation: Operation, response: Response): Promise<string | undefined> {
  if (response.headers.get('content-type') === 'text/event-stream') {
    // It never ends.
    await response.body?.cancel();
    return operation.responses['200']?.content?.['text/event-stream'] === undefined ? 'it is not described' : undefined;
  }
  const text = await response.text();
  const described = operation.responses[response.status];
  if (described === undefined) {
    return `${response.status} is not described`;
  }
  const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
  if (described.content === undefined) {
    return text === '' ? undefined : `a body is not described: ${text}`;
  }
  const content = described.content[type];
  if (content === undefined) {
    return `the type ${type} is not described`;
  }
  const whole = { ...content.schema, $defs: document.components.schemas };
  const schema = fromJSONSchema(JSON.parse(JSON.stringify(whole).replaceAll('#/components/schemas/', '#/$defs/')));
  const value: unknown = type === 'application/json' ? JSON.parse(text) : text;
  const result = schema.safeParse(value);
  return result.success ? undefined : `${text}: ${result.error.message}`;
}

/** What a sidecar may be like. */
const worlds = fc.record({
  healthy: fc.boolean(),
  access: fc.constantFrom('leads' as const, 'forwards' as const, 'no store' as const),
  word: fc.constantFrom('New' as const, 'Progress' as const, 'Successful' as const, 'Failed' as const),
  outcome: fc.constantFrom('some' as const, 'none' as const, 'failure' as const),
});

type World = typeof worlds extends fc.Arbitrary<infer T> ? T : never;

function become(sidecar: FakeSidecar, { healthy, access, word, outcome }: World): void {
  const failure = new Failure({ code: 'snapshotter_ended', action: 'take', object: 'a full', found: 'it has ended' });
  Object.assign(sidecar, { healthy, access, word });
  sidecar.onFull = () => (outcome === 'failure' ? Promise.reject(failure) : Promise.resolve(storedFull));
  sidecar.onDelta = () =>
    outcome === 'failure' ? Promise.reject(failure) : Promise.resolve(outcome === 'some' ? storedFull : undefined);
  sidecar.onLatest = () =>
    outcome === 'failure'
      ? Promise.reject(failure)
      : Promise.resolve(
          outcome === 'some' ? { full: storedFull, deltas: [storedFull] } : { full: undefined, deltas: [] },
        );
  sidecar.onConfig = () => (outcome === 'failure' ? Promise.reject(failure) : Promise.resolve('name: a\n'));
}

/** Asks as a browser that was led here under the name of another site. */
async function askFromElsewhere(server: Served, path: string, method: string): Promise<Response> {
  const headers = 'Host: evil.example\r\nOrigin: http://evil.example\r\nConnection: close\r\n';
  const { head, body } = await rawAnswer(server.port, `${method} ${path} HTTP/1.1\r\n${headers}\r\n`);
  const [, type = ''] = /content-type: (.*)/i.exec(head) ?? [];
  return new Response(body, { status: Number(head.split(' ')[1]), headers: { 'content-type': type } });
}

async function ask(server: Served, path: string, method: string, query: string): Promise<Response> {
  return await fetch(`http://127.0.0.1:${server.port}${path}${query}`, { method });
}

before(async () => {
  await run(process.execPath, ['scripts/build-dashboard.ts'], { cwd: projectRoot });
});

describe('the OpenAPI document', () => {
  it('is valid OpenAPI', async () => {
    const result = await new Validator().validate(JSON.parse(JSON.stringify(openApiDocument)));
    assert.ok(result.valid, JSON.stringify(result.errors));
  });

  it('is served', async () => {
    await using server = await serveFakeSidecar();
    const response = await fetch(`http://127.0.0.1:${server.port}/openapi.json`);
    assert.deepEqual(await response.json(), JSON.parse(JSON.stringify(openApiDocument)));
  });

  it('describes every answer of the running server, whatever its state and the query', async () => {
    await using server = await serveFakeSidecar();
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...operations),
        worlds,
        fc.string({ maxLength: 8 }),
        fc.integer({ min: 0, max: 100 }),
        async ({ path, method, operation }, world, text, pick) => {
          become(server.sidecar, world);
          const query = (operation.parameters ?? []).map(({ name, schema }) => {
            const known = schema.enum ?? ['full', 'sanity'];
            const value = pick < 70 ? known[pick % known.length] : text;
            return `${name}=${encodeURIComponent(value ?? '')}`;
          });
          const response = await ask(server, path, method, query.length === 0 ? '' : `?${query.join('&')}`);
          seen.add(`${method} ${path} ${response.status}`);
          assert.equal(await difference(operation, response), undefined, `${method} ${path} ${query}`);
        },
      ),
      { numRuns: 1_500 },
    );
    using dir = makeTempDir();
    writeFileSync(dir.join('token'), 'a'.repeat(32));
    await using closed = await serveFakeSidecar({
      tokens: await AuthTokens.open(dir.join('token'), recordedContext()),
    });
    for (const { path, method, operation } of operations) {
      for (const response of [await ask(closed, path, method, ''), await askFromElsewhere(server, path, method)]) {
        seen.add(`${method} ${path} ${response.status}`);
        assert.equal(await difference(operation, response), undefined, `${method} ${path}`);
      }
    }
    // Each answer that is described was met, but those of a leader that breaks off.
    const described = operations.flatMap(({ path, method, operation }) =>
      Object.keys(operation.responses).map((status) => `${method} ${path} ${status}`),
    );
    assert.deepEqual(
      described.filter((each) => !seen.has(each) && !each.endsWith(' 502') && !each.endsWith('/dashboard/events 503')),
      [],
    );
  });

  it('leaves no path out', async () => {
    await using server = await serveFakeSidecar();
    for (const path of Object.keys(document.paths)) {
      assert.notEqual((await ask(server, path, 'GET', '')).status, 404, path);
    }
    for (const path of ['/debug/pprof/', '/openapi.yaml', '/backup']) {
      assert.equal((await ask(server, path, 'GET', '')).status, 404, path);
    }
  });
});

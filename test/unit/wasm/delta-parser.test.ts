import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WasmDeltaParser } from '../../../src/wasm/delta-parser.ts';
import { instantiate, type WasmNumber } from '../../../src/wasm/loader.ts';

const areas = instantiate({
  asset: 'delta-parser.wasm',
  file: () => fileURLToPath(new URL('../../../.cache/native/delta-parser.wasm', import.meta.url)),
}) as { readonly TEXT: WasmNumber; readonly MARGIN: WasmNumber };

const kv = '"kv":{"key":"Zm9v","create_revision":2,"mod_revision":2,"version":1,"value":"YmFy"}';
const event = `,{"etcdEvent":{${kv}},"time":"2026-11-21T10:00:00.5Z"}`;

test('the text takes all memory but the margin that the module asks for', () => {
  for (const length of [1, 3_000_000, 9_000_000]) {
    const text = new WasmDeltaParser().text(length);
    assert.ok(text.length >= length);
    assert.equal(text.byteOffset, areas.TEXT.value);
    assert.equal(text.buffer.byteLength - text.byteOffset - text.length, areas.MARGIN.value);
  }
});

test('events are parsed up to the last byte of the text memory', () => {
  const parser = new WasmDeltaParser();
  const text = parser.text(1);
  const start = text.length - event.length;
  text.write(event, start, 'latin1');
  const limits = { after: 1, until: 100, leases: 'parsed' } as const;
  const parsed = parser.parse(start, text.length, { revision: 1, sub: 0 }, limits);
  assert.deepEqual([parsed.end, parsed.records.count, parsed.revision], [text.length, 1, 2]);
  assert.deepEqual([...parsed.records.sizes], [17, 16]);
  assert.equal(parsed.leases.length, 0);
  text.fill(',', start);
  const none = parser.parse(start, text.length, { revision: 1, sub: 0 }, limits);
  assert.deepEqual([none.end, none.records.count], [start, 0]);
});

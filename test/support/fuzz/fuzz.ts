import type { Random } from '../fixtures/random.ts';
import { type FuzzedParser, outcomeOf } from './parsers.ts';

/** Values at which sizes, tags and counts change their meaning. */
const EDGES = [0, 1, 2, 7, 8, 0x0a, 0x12, 0x1a, 0x22, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d, 0x7f, 0x80, 0xff] as const;

/**
 * Tries changes of the known inputs. Each input with a new outcome is added to them, so that it is changed further. Returns all
 * inputs by outcome. Throws every error of a parser that is no refusal.
 */
export function fuzz(
  parser: FuzzedParser,
  run: { readonly known: ReadonlyMap<string, Buffer>; readonly runs: number; readonly random: Random },
): ReadonlyMap<string, Buffer> {
  const { runs, random } = run;
  const found = new Map(run.known);
  for (const bytes of parser.sound()) {
    const outcome = outcomeOf(parser, bytes);
    found.set(outcome, found.get(outcome) ?? bytes);
  }
  const inputs = [...parser.sound(), ...found.values()];
  for (let turn = 0; turn < runs; turn++) {
    let bytes = random.pick(inputs);
    for (let changes = 1 + random.integer(4); changes > 0; changes--) {
      bytes = changed(bytes, inputs, random);
    }
    const outcome = outcomeOf(parser, bytes);
    if (!found.has(outcome)) {
      found.set(outcome, bytes);
      inputs.push(bytes);
    }
  }
  return found;
}

function changed(bytes: Buffer, inputs: readonly Buffer[], random: Random): Buffer {
  const at = random.integer(bytes.length + 1);
  const before = bytes.subarray(0, at);
  const length = 1 + random.integer(random.oneIn(3) ? 64 : 4);
  switch (random.integer(6)) {
    case 0: {
      const copy = Buffer.from(bytes);
      if (at < copy.length) {
        copy[at] = (copy[at] ?? 0) ^ (1 << random.integer(8));
      }
      return copy;
    }
    case 1: {
      const copy = Buffer.from(bytes);
      if (at < copy.length) {
        copy[at] = random.pick(EDGES);
      }
      return copy;
    }
    case 2:
      return Buffer.concat([before, bytes.subarray(at + length)]);
    case 3:
      return Buffer.concat([before, Buffer.from([random.pick(EDGES)]), bytes.subarray(at)]);
    case 4:
      return Buffer.concat([before, bytes.subarray(Math.max(0, at - length), at), bytes.subarray(at)]);
    default: {
      const other = random.pick(inputs);
      const from = random.integer(other.length + 1);
      return Buffer.concat([before, other.subarray(from, from + length), bytes.subarray(at)]);
    }
  }
}

import { ProtobufWriter } from '../../../src/protobuf/writer.ts';

// Messages are written field by field, as raft_internal.proto and rpc.proto number them.

/** What a put may ask for. */
export interface PutOptions {
  readonly lease?: bigint;
  readonly ignoreValue?: true;
  readonly ignoreLease?: true;
  readonly prevKv?: true;
}

/** A text of one byte a character as bytes. */
export const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
/** A PutRequest. */
export const put = (key: string, value: string, options: PutOptions = {}): Uint8Array => {
  const writer = new ProtobufWriter().bytes(1, bytes(key)).bytes(2, bytes(value));
  if (options.lease !== undefined) writer.varint(3, options.lease);
  if (options.prevKv) writer.bool(4, true);
  if (options.ignoreValue) writer.bool(5, true);
  if (options.ignoreLease) writer.bool(6, true);
  return writer.finish();
};
/** A DeleteRangeRequest or RangeRequest; also any other message of two texts. */
export const keys = (key: string, end: string): Uint8Array =>
  new ProtobufWriter().bytes(1, bytes(key)).bytes(2, bytes(end)).finish();
/** Any message of two numbers. */
export const numbers = (first: bigint, second = 0n): Uint8Array =>
  new ProtobufWriter().varint(1, first).varint(2, second).finish();
/** A RequestOp of a transaction: 1 range, 2 put, 3 deleteRange, 4 txn. */
export const step = (field: 1 | 2 | 3 | 4, message: Uint8Array): Uint8Array =>
  new ProtobufWriter().bytes(field, message).finish();

/** A TxnRequest. */
export function txn(parts: {
  readonly compare?: readonly Uint8Array[];
  readonly success?: readonly Uint8Array[];
  readonly failure?: readonly Uint8Array[];
}): Uint8Array {
  const writer = new ProtobufWriter();
  for (const one of parts.compare ?? []) writer.bytes(1, one);
  for (const one of parts.success ?? []) writer.bytes(2, one);
  for (const one of parts.failure ?? []) writer.bytes(3, one);
  return writer.finish();
}

/** A Compare: result and target by number, then the given value, which has a field of its own for each target. */
export function compare(
  key: string,
  [result, target, given]: readonly [number, number, bigint | string],
  end = '',
): Uint8Array {
  const writer = new ProtobufWriter().varint(1, result).varint(2, target).bytes(3, bytes(key));
  const field = [4, 5, 6, 7, 8][target] ?? 4;
  if (typeof given === 'string') writer.bytes(field, bytes(given));
  else writer.varint(field, given);
  return (end === '' ? writer : writer.bytes(64, bytes(end))).finish();
}

import { ProtobufWriter } from '../../../src/protobuf/writer.ts';

/** What an object of a test is. */
export interface TestObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid: string;
  /** Uid of the object that makes it. */
  readonly controller?: string;
  /** The second field of its message: `spec` of most kinds. */
  readonly second?: Uint8Array;
}

/** An object as an API server stores it in etcd, in protobuf. */
export function storedObject({ apiVersion, kind, second, ...meta }: TestObject): Buffer {
  const message = new ProtobufWriter().bytes(1, metadata(meta));
  const type = new ProtobufWriter().bytes(1, Buffer.from(apiVersion)).bytes(2, Buffer.from(kind)).finish();
  const whole = (second === undefined ? message : message.bytes(2, second)).finish();
  return Buffer.concat([Buffer.from('k8s\0'), new ProtobufWriter().bytes(1, type).bytes(2, whole).finish()]);
}

/** An entry of a map from texts to texts, such as `data` of a ConfigMap. */
export function mapEntry(key: string, value: string): Uint8Array {
  return new ProtobufWriter().bytes(1, Buffer.from(key)).bytes(2, Buffer.from(value)).finish();
}

function metadata({
  namespace,
  name,
  uid,
  controller,
}: Omit<TestObject, 'apiVersion' | 'kind' | 'second'>): Uint8Array {
  const writer = new ProtobufWriter().bytes(1, Buffer.from(name));
  if (namespace !== undefined) {
    writer.bytes(3, Buffer.from(namespace));
  }
  writer.bytes(5, Buffer.from(uid));
  if (controller !== undefined) {
    const owner = new ProtobufWriter().bytes(4, Buffer.from(controller)).bool(6, true).finish();
    writer.bytes(13, owner);
  }
  return writer.finish();
}

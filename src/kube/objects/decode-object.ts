import { MalformedMessage, ProtobufReader } from '../../protobuf/reader.ts';
import { intOrString, parsedJson, quantity, stringList, timeText } from './forms.ts';
import { type FieldForm, type FieldLayout, layoutAt, layoutOfKind, type MessageLayout } from './layouts.ts';
import type { StoredObject } from './stored-object.ts';

/** An object as kubectl shows it. */
export interface DecodedObject {
  readonly object: Readonly<Record<string, unknown>>;
  /** Fields that its kind has in a later release of Kubernetes, and that are left out here. */
  readonly unknownFields: number;
}

/** Messages inside each other. */
const DEEPEST = 64;

/**
 * The fields of an object, with the names and forms that JSON and YAML have; undefined when the layout of its kind is not known, or
 * when its message is damaged. What JSON leaves out when it is empty is left out here, too.
 */
export function decodeObject({ apiVersion, objectKind, message, json }: StoredObject): DecodedObject | undefined {
  if (json !== undefined) {
    return { object: json, unknownFields: 0 };
  }
  const layout = layoutOfKind(apiVersion, objectKind);
  if (layout === undefined || message === undefined) {
    return undefined;
  }
  const decoder = new Decoder();
  try {
    const object = { apiVersion, kind: objectKind, ...decoder.message(new ProtobufReader(message), layout, DEEPEST) };
    return { object, unknownFields: decoder.unknownFields };
  } catch (error) {
    if (error instanceof MalformedMessage) {
      return undefined;
    }
    throw error;
  }
}

class Decoder {
  unknownFields = 0;

  message(reader: ProtobufReader, layout: MessageLayout, levels: number): Record<string, unknown> {
    if (levels === 0) {
      throw new MalformedMessage('messages are too deep inside each other');
    }
    const object: Record<string, unknown> = {};
    for (let number = reader.next(); number !== 0; number = reader.next()) {
      const field = layout.get(number);
      if (field === undefined) {
        this.unknownFields++;
        reader.skip();
      } else if (field.occurs === 'map') {
        this.#entry(reader.message(), object, field, levels);
      } else {
        this.#add(object, field, this.#value(reader, field.form, levels));
      }
    }
    return object;
  }

  #add(object: Record<string, unknown>, field: FieldLayout, value: unknown): void {
    if (field.occurs === 'repeated') {
      const list = object[field.name];
      if (Array.isArray(list)) {
        list.push(value);
      } else {
        object[field.name] = [value];
      }
      return;
    }
    if (field.isInline && typeof value === 'object' && value !== null) {
      Object.assign(object, value);
      return;
    }
    if (value !== null && (field.isPointer || !field.omitsEmpty || !isEmpty(value))) {
      object[field.name] = value;
    }
  }

  #entry(reader: ProtobufReader, object: Record<string, unknown>, { name, form }: FieldLayout, levels: number): void {
    let key = '';
    let value = emptyOf(form);
    for (let part = reader.next(); part !== 0; part = reader.next()) {
      if (part === 1) key = reader.text();
      else if (part === 2) value = this.#value(reader, form, levels);
      else reader.skip();
    }
    const map = object[name] ?? {};
    // A key may be called __proto__.
    Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });
    object[name] = map;
  }

  #value(reader: ProtobufReader, form: FieldForm, levels: number): unknown {
    switch (form) {
      case 'string':
        return reader.text();
      case 'bool':
        return reader.boolean();
      case 'int': {
        const number = reader.int64();
        return BigInt(Number(number)) === number ? Number(number) : String(number);
      }
      case 'bytes':
        return Buffer.from(reader.bytes()).toString('base64');
      case 'time':
      case 'microtime':
        return timeText(reader.message(), form);
      case 'quantity':
        return quantity(reader.message());
      case 'intorstring':
        return intOrString(reader.message());
      case 'json':
        return parsedJson(reader.message());
      case 'list':
        return stringList(reader.message());
      default:
        return this.message(reader.message(), layoutAt(form), levels - 1);
    }
  }
}

/** What JSON calls empty: structures never are. */
function isEmpty(value: unknown): boolean {
  return value === '' || value === 0 || value === false || (Array.isArray(value) && value.length === 0);
}

/** The value of an entry of a map that has none. */
function emptyOf(form: FieldForm): unknown {
  return form === 'bool' ? false : form === 'int' ? 0 : form === 'list' ? [] : typeof form === 'number' ? {} : '';
}

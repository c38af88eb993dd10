import { nativeExports } from './native-module.ts';

/** What the module exports, see `native/sha256.c`. */
interface NativeSha256 {
  begin(): object;
  update(state: object, head: Uint8Array, bytes: Uint8Array): Promise<boolean>;
  finish(state: object): Buffer;
}

/** Fewer bytes are hashed together with those after them: each call takes some microseconds. */
const SMALL = 1024;

const NOTHING = new Uint8Array(0);

/**
 * A SHA-256 that is made on threads of libuv, while this thread goes on. Bytes are hashed in the order in which they are given.
 */
export class BackgroundSha256 {
  readonly #native: NativeSha256;
  readonly #state: object;
  /** A few bytes that go before the next. */
  #head: Uint8Array = NOTHING;
  #hashed: Promise<void> = Promise.resolve();

  private constructor(native: NativeSha256) {
    this.#native = native;
    this.#state = native.begin();
  }

  /** Begins with one; undefined where the native module cannot be loaded. */
  static async begin(): Promise<BackgroundSha256 | undefined> {
    const native = await nativeExports<NativeSha256>('sha256', 'finish', { hasSubstitute: true });
    return native === undefined ? undefined : new BackgroundSha256(native);
  }

  /** Takes the next bytes. They must not be changed until {@link hashed} has resolved. */
  update(bytes: Uint8Array): void {
    if (bytes.length < SMALL && this.#head.length < SMALL) {
      this.#head = Buffer.concat([this.#head, bytes]);
      return;
    }
    const head = this.#head;
    this.#head = NOTHING;
    this.#next(head, bytes);
  }

  /** Resolves when all bytes so far are hashed, or kept as a copy. */
  async hashed(): Promise<void> {
    await this.#hashed;
  }

  /** The hash of all bytes; nothing else can be called afterwards. */
  async digest(): Promise<Buffer> {
    this.#next(this.#head, NOTHING);
    await this.#hashed;
    return this.#native.finish(this.#state);
  }

  #next(head: Uint8Array, bytes: Uint8Array): void {
    this.#hashed = this.#hashed.then(async () => {
      if (!(await this.#native.update(this.#state, head, bytes))) {
        throw new Error('OpenSSL cannot make a SHA-256');
      }
    });
    // It is awaited in the end; until then a failure must not count as unhandled.
    this.#hashed.catch(() => undefined);
  }
}

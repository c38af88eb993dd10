/**
 * The tag of an object's content, such as its ETag, while parts of the object are read. The first answer sets it; an answer with
 * another tag is of an object that has replaced this one under its name.
 */
export class ContentTag {
  #tag: string | undefined;
  #isSet = false;

  /** Whether `tag` is that of the first answer. */
  agrees(tag: string | undefined): boolean {
    if (!this.#isSet) {
      this.#isSet = true;
      this.#tag = tag;
    }
    return tag === this.#tag;
  }
}

/**
 * What several reads of parts of one object have in common: the mark of its content, such as an ETag. The first answer sets it.
 * Whatever is there under the same name afterwards is another object.
 */
export class ObjectMark {
  #mark: string | undefined;
  #isSet = false;

  /** False when it is another mark than that of the first answer. */
  agrees(mark: string | undefined): boolean {
    if (!this.#isSet) {
      this.#isSet = true;
      this.#mark = mark;
    }
    return mark === this.#mark;
  }
}

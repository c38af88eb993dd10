/** A body that is not the one that was announced; its message says what is wrong. */
export class BodyFault extends Error {
  constructor(found: string) {
    super(found);
    this.name = 'BodyFault';
  }
}

/** A body of which next to nothing came in the time for it. */
export class BodyDripped extends BodyFault {}

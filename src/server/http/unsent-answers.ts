import { limits } from '../../runtime/limits.ts';
import { type Exchange, whenOver } from './exchange.ts';
import { type Reply, reply } from './reply.ts';

/** Answers up to this size are always sent, bytes: health is answered whatever other clients do. */
const small = 4 * 1024;

/** Counts the bytes of answers that clients have not taken yet. */
export class UnsentAnswers {
  #bytes = 0;

  /** Whether an answer may be sent: not a large one when too much waits for slow clients already. */
  haveRoomFor({ body }: Reply): boolean {
    return body.length <= small || this.#bytes + body.length <= limits.unsentAnswers.most || this.#bytes === 0;
  }

  /** Counts an answer until what is returned is called. */
  count({ body }: Reply): () => void {
    const size = body.length <= small ? 0 : body.length;
    this.#bytes += size;
    return () => {
      this.#bytes -= size;
    };
  }

  /** The answer to send: 503 in place of one for which there is no room. */
  admit(exchange: Exchange, answer: Reply): Reply {
    if (answer.body.length <= small) {
      return answer;
    }
    if (!this.haveRoomFor(answer)) {
      return reply(503);
    }
    whenOver(exchange, this.count(answer));
    return answer;
  }
}

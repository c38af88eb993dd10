import { limits } from '../../runtime/limits.ts';
import type { Exchange } from './exchange.ts';
import { type Reply, reply } from './reply.ts';

/** Answers up to this size are always sent, bytes: health is answered whatever other clients do. */
const small = 4 * 1024;

/** Counts the bytes of answers that clients have not taken yet. */
export class UnsentAnswers {
  #bytes = 0;

  /** The answer to send: 503 in place of a large one when too much waits for slow clients already. */
  admit({ outgoing }: Exchange, answer: Reply): Reply {
    const size = answer.body.length;
    if (size <= small) {
      return answer;
    }
    if (this.#bytes + size > limits.unsentAnswers.most && this.#bytes > 0) {
      return reply(503);
    }
    this.#bytes += size;
    outgoing.once('close', () => {
      this.#bytes -= size;
    });
    return answer;
  }
}

import type { Worker } from 'node:worker_threads';
import type { ContentCheckTask } from '../objects/content-check.ts';
import { SnapshotDamage } from '../snapshot/damage.ts';
import type { InspectedPart, Inspection } from '../snapstore/upload/inspection.ts';
import type { ContentCheckAnswer, ContentCheckRequest, ObjectVerdict } from './content-check-messages.ts';
import { startWorker } from './worker-thread.ts';

/** An object that is being checked. */
interface CheckUnderWay {
  /** For the parts that were not answered yet, oldest first. */
  readonly parts: PromiseWithResolvers<InspectedPart>[];
  readonly verdict: PromiseWithResolvers<ObjectVerdict>;
}

/** Checks objects as `ObjectCheck` does, in a thread that begins with the first: whoever sends bytes has no time to hash them. */
export class ContentCheckThread implements AsyncDisposable {
  readonly #underWay = new Map<number, CheckUnderWay>();
  #worker: Worker | undefined;
  #broken: Error | undefined;
  #begun = 0;

  /** Begins with an object. Its verdict rejects with {@link SnapshotDamage}; everything rejects when the thread itself fails. */
  begin(task: ContentCheckTask): Inspection & Disposable {
    const id = this.#begun++;
    const check: CheckUnderWay = { parts: [], verdict: Promise.withResolvers() };
    check.verdict.promise.catch(() => undefined);
    this.#underWay.set(id, check);
    this.#tell({ kind: 'begin', id, task });
    return {
      inspect: (bytes) => {
        const answered = Promise.withResolvers<InspectedPart>();
        check.parts.push(answered);
        const own = bytes as Uint8Array<ArrayBuffer>;
        this.#tell({ kind: 'part', id, bytes: own }, [own.buffer]);
        return answered.promise;
      },
      verdict: async () => {
        this.#tell({ kind: 'verdict', id });
        judge(await check.verdict.promise);
      },
      [Symbol.dispose]: () => {
        this.#underWay.delete(id);
        this.#tell({ kind: 'forget', id });
      },
    };
  }

  /** Ends the thread, whatever it is doing. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate();
  }

  #tell(request: ContentCheckRequest, transfer: ArrayBuffer[] = []): void {
    if (this.#broken !== undefined) {
      this.#break(this.#broken);
      return;
    }
    this.#worker ??= this.#start();
    this.#worker.postMessage(request, transfer);
  }

  #start(): Worker {
    const worker = startWorker({
      asset: 'content-check-worker.cjs',
      module: () => new URL('./content-check-worker.ts', import.meta.url),
      youngGenerationSize: 2,
    });
    worker.on('message', (answer: ContentCheckAnswer) => this.#hear(answer));
    worker.on('error', (error: unknown) => this.#break(error));
    worker.on('exit', (code) => this.#break(new Error(`a worker thread ended with code ${code}`)));
    return worker;
  }

  #hear(answer: ContentCheckAnswer): void {
    const check = this.#underWay.get(answer.id);
    switch (answer.kind) {
      case 'part':
        check?.parts.shift()?.resolve(answer.part);
        break;
      case 'verdict':
        check?.verdict.resolve(answer.verdict);
        break;
      default:
        answer satisfies never;
    }
  }

  #break(error: unknown): void {
    const broken = error instanceof Error ? error : new Error(String(error));
    this.#broken ??= broken;
    for (const { parts, verdict } of this.#underWay.values()) {
      for (const part of parts.splice(0)) {
        part.reject(broken);
      }
      verdict.reject(broken);
    }
  }
}

function judge(verdict: ObjectVerdict): void {
  switch (verdict.kind) {
    case 'sound':
      return;
    case 'damage':
      throw new SnapshotDamage(verdict.reason, { offset: verdict.offset });
    case 'failed':
      throw new Error(`an object could not be checked: ${verdict.reason}`);
    default:
      verdict satisfies never;
  }
}

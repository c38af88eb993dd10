import { compatibleService } from '../../../src/snapstore/providers/s3/compatible-service.ts';
import { S3Bucket } from '../../../src/snapstore/providers/s3/s3-bucket.ts';
import type { S3Settings } from '../../../src/snapstore/providers/s3/s3-settings.ts';
import { jumpingClock } from '../clock/jumping-clock.ts';
import { type AnswerScript, playAnswers } from '../servers/answer-script.ts';
import { type S3Server, startS3Server } from '../servers/s3-server.ts';

/** A bucket on a loopback S3 that plays a script. */
export interface ScriptedS3 extends AsyncDisposable {
  readonly bucket: S3Bucket;
  readonly server: S3Server;
  /** Puts an object there without a request. */
  put(key: string, text: string): void;
}

/** Starts the server; the bucket's settings are those of an S3 that is not AWS's, with `changes`. Retries come at once. */
export async function startScriptedS3(script: AnswerScript, changes: Partial<S3Settings> = {}): Promise<ScriptedS3> {
  const server = await startS3Server();
  server.fault(playAnswers(script));
  const keys = { region: 'test', accessKeyID: 'AK', secretAccessKey: 'SK' };
  const settings = compatibleService({ ...keys, bucket: server.bucket, endpoint: server.endpoint, origin: 'the test' });
  const bucket = new S3Bucket({ ...settings, ...changes }, { clock: jumpingClock() });
  return {
    bucket,
    server,
    put: (key, text) => {
      const bytes = Buffer.from(text);
      server.objects.set(key, { size: bytes.length, bytes, modifiedAt: Date.UTC(2026, 0, 1) });
    },
    [Symbol.asyncDispose]: async () => {
      await bucket[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

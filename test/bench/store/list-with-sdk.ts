/** Lists all objects of a loopback S3 by the SDK alone: the measure for `fleet list`. Takes the endpoint on the command line. */
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';

const client = new S3Client({
  endpoint: process.argv[2] ?? '',
  region: 'us-east-1',
  forcePathStyle: true,
  credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
});
let objects = 0;
let token: string | undefined;
do {
  const page = await client.send(new ListObjectsV2Command({ Bucket: 'backups', ContinuationToken: token }));
  objects += page.Contents?.length ?? 0;
  token = page.NextContinuationToken;
} while (token !== undefined);
client.destroy();
process.stdout.write(`${objects} objects\n`);

// Runs a command line, and is killed before one of its calls that change something: killed-run.ts CALL ARGUMENT...; ends with the number
// of these calls on its last line when it is not.
import { startInProcess } from '../cli/run-in-process.ts';
import { observeFileCalls } from './file-call-observer.ts';

const changing =
  /^(chmod|chown|copyFile|lchown|link|lutimes|mkdir|mkdtemp|rename|rm|rmdir|symlink|truncate|unlink|utimes|writeFile)(Sync)?$|^\.(appendFile|chmod|chown|datasync|sync|truncate|utimes|write|writeFile|writev)$/;

const [at, ...argv] = process.argv.slice(2);
let calls = 0;
using _ = await observeFileCalls(({ name }) => {
  if (changing.test(name)) {
    calls += 1;
    if (calls === Number(at)) {
      process.kill(process.pid, 'SIGKILL');
    }
  }
  return undefined;
});
const { exitCode, stderr } = await startInProcess(argv, { HOME: process.env['HOME'] }).ended;
process.stderr.write(stderr);
process.stdout.write(`${calls}\n`);
process.exitCode = exitCode;

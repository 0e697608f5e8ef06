import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Whether both files are there and have the same bytes. */
export async function isSameFile(path: string, otherPath: string): Promise<boolean> {
  const [code]: unknown[] = await once(
    spawn('cmp', ['-s', path, otherPath], { stdio: 'ignore' }),
    'exit',
  );
  return code === 0;
}

import { parentPort } from 'node:worker_threads';
import { hashBlocks, hashWhole } from './hash-passes.ts';
import type { HashTask } from './hash-passes.ts';

// The thread's only duty: one task at a time, answered by a message. A failure ends the thread,
// which its owner sees as an 'error' event.
parentPort?.on('message', ({ pass, fd, sizeBytes }: HashTask) => {
  const result = pass === 'blocks' ? hashBlocks(fd, sizeBytes) : hashWhole(fd, sizeBytes);
  void result.then((value) => parentPort?.postMessage(value, []));
});

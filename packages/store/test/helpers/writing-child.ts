import { PeerCacheError, silentLog } from '@peer-cache/core';
import { openFileBlockStore } from '../../src/index.ts';
import { CHILD_SEGMENT_BYTES, CHILD_STORE_BYTES } from './children.ts';
import { makeSegment, storeMade } from './segments.ts';

// Opens the store in the folder named first and says so, or the code of what is wrong; then, with
// `write`, stores one segment after the other without an end and says when each is stored.
const [folder = '', what] = process.argv.slice(2);
const options = { folder, limitBytes: CHILD_STORE_BYTES };
const store = await openFileBlockStore({ log: silentLog }, options).catch((error: unknown) => {
  process.stdout.write(error instanceof PeerCacheError ? `${error.code}\n` : `${String(error)}\n`);
  process.exit();
});
process.stdout.write('open\n');
const lastNumber = what === 'write' ? Infinity : -1;
for (let number = 0; number <= lastNumber; number++) {
  await storeMade(store, makeSegment(number, CHILD_SEGMENT_BYTES));
  process.stdout.write(`${number}\n`);
}
// Held open until the parent ends us.
setInterval(() => store.usage(), 60_000);

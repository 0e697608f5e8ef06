import { join } from 'node:path';
import test from 'ava';
import { OpenFile } from '../src/open-file.ts';
import { temporaryFolder } from './helpers/segments.ts';

test('a file that is retired stays open for who uses it, and closes after the last', async (t) => {
  const open = new OpenFile(join(await temporaryFolder(t), 'file'), { isNew: true });
  const first = await open.lease();
  const second = await open.lease();
  let isClosed = false;
  const closed = open.retire().then(() => (isClosed = true));
  await first.file.write('first');
  first[Symbol.dispose]();
  await second.file.write('second');
  t.false(isClosed);
  second[Symbol.dispose]();
  await closed;
  await t.throwsAsync(second.file.write('third'), { code: 'EBADF' });
});

test('whoever waits for a file that is just being opened gets it open', async (t) => {
  const open = new OpenFile(join(await temporaryFolder(t), 'file'), { isNew: true });
  const leasing = open.lease();
  const closed = open.retire();
  const lease = await leasing;
  await t.notThrowsAsync(lease.file.write('still open'));
  lease[Symbol.dispose]();
  await t.notThrowsAsync(closed);
});

test('a file that is not there fails whoever wants it, and can be retired', async (t) => {
  const open = new OpenFile(join(await temporaryFolder(t), 'file'), { isNew: false });
  await t.throwsAsync(open.lease(), { code: 'ENOENT' });
  await t.notThrowsAsync(open.retire());
});

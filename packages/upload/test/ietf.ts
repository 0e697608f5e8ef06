import { MIB } from '@peer-cache/core';
import test from 'ava';
import { startIetfFake } from './helpers/ietf-fake.ts';
import { fileOf, send } from './helpers/sent.ts';

for (const sizeBytes of [0, 1, 2 * MIB + 3]) {
  test(`${sizeBytes} bytes arrive by the protocol of the IETF (at a fake)`, async (t) => {
    const { path, bytes } = await fileOf(t, sizeBytes);
    await using server = await startIetfFake();
    const { uploaded } = await send(path, server.url);
    t.is(uploaded.protocol, 'ietf');
    t.is(server.files.length, 1);
    t.true(server.files[0]?.equals(bytes));
    t.deepEqual(server.wrongs, []);
  });
}

test('a server of the IETF that cuts every request after 700 kB gets all in the end', async (t) => {
  const { path, bytes } = await fileOf(t, 3 * MIB);
  await using server = await startIetfFake({ dropAfterBytes: 700_000 });
  await send(path, server.url);
  t.is(server.files.length, 1);
  t.true(server.files[0]?.equals(bytes));
  t.deepEqual(server.wrongs, []);
  t.true(server.requests.filter((each) => each.startsWith('HEAD')).length >= 3);
});

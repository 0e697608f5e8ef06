import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { paceReads, ReadPace, readsOn } from '../src/read-pace.ts';

const KIB = 1024;

/** How often a socket may rest that brings packets of 1448 bytes, so far apart. */
function rests(pace: ReadPace, everyMs: number, fromMs = 0): number {
  let count = 0;
  for (let at = 0; at < 1000; at++) if (pace.mayRest(1448, fromMs + at * everyMs)) count++;
  return count;
}

test('a line of 10 Mbit/s is left alone from beat to beat, one of 1 Gbit/s is not', (t) => {
  t.true(rests(new ReadPace(), 1.16) > 900);
  t.is(rests(new ReadPace(), 0.0116), 0);
});

test('a fast line that is read seldom, and then all that the system took in, rests no more', (t) => {
  const pace = new ReadPace();
  pace.mayRest(1448, 0);
  let nowMs = 0;
  let beats = 0;
  while (beats < 100 && pace.mayRest(64 * KIB, (nowMs += 20))) beats++;
  t.true(beats < 10, `${beats} beats`);
});

test('a line that becomes fast is read at once, within a fraction of a second', (t) => {
  const pace = new ReadPace();
  rests(pace, 1.16);
  const fromMs = 1170;
  let read = 0;
  while (pace.mayRest(64 * KIB, fromMs + read)) read++;
  t.true(read < 100, `${read} ms`);
});

test('the first piece of an answer is read at once, and what comes fast after it', (t) => {
  const pace = new ReadPace();
  rests(pace, 1);
  t.false(pace.mayRest(1448, 5000));
  t.false(pace.mayRest(1448, 5000.1));
});

test('what was asked for is read as it comes, and left alone again when it lasts', (t) => {
  const pace = new ReadPace();
  rests(pace, 1);
  let nowMs = 1000;
  for (let request = 0; request < 20; request++) {
    pace.asked();
    // Some 12 KiB at 10 Mbit/s: of which nothing is to wait for a beat.
    for (let packet = 0; packet < 8; packet++) {
      t.false(pace.mayRest(1448, (nowMs += 1.16)));
    }
    nowMs += 5;
  }
  pace.asked();
  t.true(rests(pace, 1.16, nowMs + 20) > 500, 'a long answer');
});

/** Sends pieces of these bytes, each in a turn of its own: one that never rests reads each by itself. */
async function dripping(pieces: readonly Buffer[]) {
  const server = createServer((socket) => {
    void (async () => {
      for (const piece of pieces) {
        socket.write(piece);
        await nextTurn();
      }
      socket.end();
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port }: AddressInfo = Object(server.address());
  return { port, server };
}

const PIECES = Array.from({ length: 150 }, (_, at) => Buffer.alloc(1 + (at % 50), at));

test('a stream that is read at its pace brings every byte, in fewer pieces', async (t) => {
  const { port, server } = await dripping(PIECES);
  t.teardown(() => server.close());
  const socket = connect(port, '127.0.0.1');
  paceReads(socket);
  const got: Buffer[] = [];
  for await (const piece of socket) got.push(piece);
  t.true(Buffer.concat(got).equals(Buffer.concat(PIECES)));
  t.true(got.length < PIECES.length / 2, `${got.length} pieces`);
});

test('so does a socket that is read into a buffer', async (t) => {
  const { port, server } = await dripping(PIECES);
  t.teardown(() => server.close());
  const got: Buffer[] = [];
  const pace = new ReadPace();
  const socket: Socket = connect({
    port,
    host: '127.0.0.1',
    onread: {
      buffer: Buffer.alloc(64 * KIB),
      callback: (count, buffer) => {
        got.push(Buffer.from(buffer.subarray(0, count)));
        return readsOn(socket, pace, count);
      },
    },
  });
  await once(socket, 'close');
  t.true(Buffer.concat(got).equals(Buffer.concat(PIECES)));
  t.true(got.length < PIECES.length / 2, `${got.length} pieces`);
});

test('a socket that is asked for more while it rests brings every byte', async (t) => {
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.once('data', () => socket.end('answer'));
      void drip(socket);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port }: AddressInfo = Object(server.address());
  const socket = connect(port, '127.0.0.1');
  paceReads(socket);
  socket.write('first');
  let bytes = 0;
  let hasAsked = false;
  for await (const piece of socket) {
    bytes += piece.length;
    if (bytes >= 400 * 1448 && !hasAsked) {
      hasAsked = true;
      socket.write('second');
    }
  }
  t.is(bytes, 400 * 1448 + 'answer'.length);
});

/** For long enough for a pause from beat to beat. */
async function drip(socket: Socket): Promise<void> {
  for (let sent = 0; sent < 400 && !socket.destroyed; sent++) {
    socket.write(Buffer.alloc(1448));
    await sleep(1);
  }
}

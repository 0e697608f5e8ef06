import type { GetDone } from '@peer-cache/protocol';
import test from 'ava';
import { summaryOf } from '../src/get-summary.ts';

const GIB = 2 ** 30;
const DONE: GetDone = {
  event: 'done',
  path: '/tmp/image.iso',
  sizeBytes: GIB,
  seconds: 2.1,
  bytes: { store: 0, peers: GIB, origin: 0 },
  peerCount: 3,
};

test('what came from peers is told, and that the origin sent nothing', (t) => {
  t.is(
    summaryOf(DONE),
    'done: /tmp/image.iso, 1.0 GiB in 2.1 s · 1.0 GiB from 3 peers, 0 B from the origin (100 % saved)',
  );
});

test('the store is named where it gave something, and little from the origin is not nothing', (t) => {
  const bytes = { store: GIB / 2, peers: GIB / 2, origin: 100 };
  t.is(
    summaryOf({ ...DONE, path: undefined, bytes, peerCount: 1 }),
    'done: 1.0 GiB in 2.1 s · 512 MiB from the store, 512 MiB from 1 peer, ' +
      '100 B from the origin (99 % saved)',
  );
});

test('an empty content saves nothing', (t) => {
  const bytes = { store: 0, peers: 0, origin: 0 };
  t.is(
    summaryOf({ ...DONE, sizeBytes: 0, bytes, peerCount: 0, seconds: 0 }),
    'done: /tmp/image.iso, 0 B in 0.0 s · 0 B from 0 peers, 0 B from the origin',
  );
});

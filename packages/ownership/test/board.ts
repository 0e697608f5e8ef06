import test from 'ava';
import { Board } from '../src/board.ts';
import type { BoardEvents, PostedSegment, Posting } from '../src/board.ts';

const SEGMENT_ID = Buffer.from('0a0b', 'hex');
const NAME = '0a0b';
const PROOF_KEY = Buffer.from('key');

function posting(segment: PostedSegment, comingBlock?: number): Posting {
  return {
    segment: (name) => (name === NAME ? segment : undefined),
    isComing: (name, blockIndex) => name === NAME && blockIndex === comingBlock,
    peers: () => [],
    called: () => undefined,
  };
}

const WAITING: PostedSegment = {
  standing: 'waiting',
  claims: [{ runIndex: 1, kind: 'own', receivedBytes: 5 }],
};
const URGENT: PostedSegment = {
  standing: 'foreground',
  claims: [{ runIndex: 2, kind: 'stolen', receivedBytes: 6 }],
};

test('nothing is told of what nobody works on', (t) => {
  const board = new Board();
  t.is(board.find(NAME), undefined);
  t.is(board.proofKeyOf(SEGMENT_ID), undefined);
  t.is(board.versionOf(NAME), 0);
  t.false(board.isComing(NAME, 1));
});

test('what is posted is told until it is taken down', (t) => {
  const board = new Board();
  {
    using _posted = board.post(SEGMENT_ID, PROOF_KEY, posting(URGENT, 7));
    t.is(board.find(NAME), URGENT);
    t.is(board.proofKeyOf(SEGMENT_ID), PROOF_KEY);
    t.true(board.isComing(NAME, 7));
    t.false(board.isComing(NAME, 8));
    t.is([...board.postings(NAME)].length, 1);
  }
  t.is(board.find(NAME), undefined);
  t.is(board.proofKeyOf(SEGMENT_ID), undefined);
});

test('two transfers of one content are told of as one, as urgent as either', (t) => {
  const board = new Board();
  using _one = board.post(SEGMENT_ID, PROOF_KEY, posting(WAITING));
  using _other = board.post(SEGMENT_ID, PROOF_KEY, posting(URGENT, 7));
  t.deepEqual(board.find(NAME), {
    standing: 'foreground',
    claims: [...WAITING.claims, ...URGENT.claims],
  });
  t.true(board.isComing(NAME, 7));
});

test('a version grows with each change, the end included', (t) => {
  const board = new Board();
  const versions = [board.versionOf(NAME)];
  {
    using _posted = board.post(SEGMENT_ID, PROOF_KEY, posting(WAITING));
    versions.push(board.versionOf(NAME));
    board.changed(NAME, { isUrgent: false });
    versions.push(board.versionOf(NAME));
  }
  versions.push(board.versionOf(NAME));
  t.is(new Set(versions).size, 4);
  t.deepEqual(
    versions,
    versions.toSorted((a, b) => a - b),
  );
});

test('whoever listens hears of each change, and how urgent it is', (t) => {
  const board = new Board();
  const heard: BoardEvents['segment-changed'][0][] = [];
  board.events.on('segment-changed', (change) => heard.push(change));
  board.post(SEGMENT_ID, PROOF_KEY, posting(WAITING))[Symbol.dispose]();
  t.deepEqual(heard, [
    { segmentName: NAME, isUrgent: true },
    { segmentName: NAME, isUrgent: false },
  ]);
});

test('versions of what is posted outlast those of thousands that came and went', (t) => {
  const board = new Board();
  using _posted = board.post(SEGMENT_ID, PROOF_KEY, posting(WAITING));
  const version = board.versionOf(NAME);
  for (let count = 0; count < 10_000; count++) board.changed(`other ${count}`, { isUrgent: false });
  t.is(board.versionOf(NAME), version);
  t.is(board.versionOf('other 0'), 0);
});

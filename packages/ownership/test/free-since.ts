import test from 'ava';
import { FreeSince } from '../src/free-since.ts';
import { openRun } from './helpers/runs.ts';

test('a run is free from when it was first seen so', (t) => {
  const since = new FreeSince();
  since.look([openRun(3)], 100);
  since.look([openRun(3)], 250);
  t.is(since.ms(3, 300), 200);
});

test('one that is not free has been so for no time', (t) => {
  const since = new FreeSince();
  since.look([openRun(3)], 100);
  since.look([], 200);
  t.is(since.ms(3, 300), 0);
  since.look([openRun(3)], 300);
  t.is(since.ms(3, 300), 0);
});

test('a block that came shows that somebody is at it', (t) => {
  const since = new FreeSince();
  since.look([openRun(3, 16)], 100);
  since.look([openRun(3, 15)], 200);
  t.is(since.ms(3, 300), 100);
});

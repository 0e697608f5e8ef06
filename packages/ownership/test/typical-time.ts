import { MIB } from '@peer-cache/core';
import test from 'ava';
import { TypicalTime } from '../src/typical-time.ts';

test('before anything is known there is a guess', (t) => {
  t.is(new TypicalTime().ms, 1500);
});

test('it is the median of the runs that came', (t) => {
  const typical = new TypicalTime();
  for (const tookMs of [100, 900, 300]) typical.note(tookMs, MIB, MIB);
  t.is(typical.ms, 300);
});

test('a part of a run counts as what the whole would have taken', (t) => {
  const typical = new TypicalTime();
  typical.note(100, MIB / 4, MIB);
  t.is(typical.ms, 400);
});

test('a run of which nothing came says nothing', (t) => {
  const typical = new TypicalTime();
  typical.note(9000, 0, MIB);
  t.is(typical.ms, 1500);
});

test('the latest fifteen count', (t) => {
  const typical = new TypicalTime();
  for (let count = 0; count < 15; count++) typical.note(100, MIB, MIB);
  for (let count = 0; count < 8; count++) typical.note(5000, MIB, MIB);
  t.is(typical.ms, 5000);
});

test('runs under way count with those that came', (t) => {
  const typical = new TypicalTime();
  typical.note(100, MIB, MIB);
  t.is(typical.among([4000, 6000, 5000]), 5000);
  t.is(typical.ms, 100);
});

test('it is never longer than fifteen seconds', (t) => {
  t.is(new TypicalTime().among([90_000]), 15_000);
});

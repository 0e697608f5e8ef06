import test from 'ava';
import * as fc from 'fast-check';
import { holds } from '../../core/test/helpers/property.ts';
import { FairShare } from '../src/scheduler/fair-share.ts';

test('of those who always compete, nobody is ahead of another by more than the largest charge', (t) => {
  const charges = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 200 });
  const property = fc.property(fc.integer({ min: 2, max: 20 }), charges, (count, all) => {
    const share = new FairShare<number>();
    const members = Array.from({ length: count }, (_, member) => member);
    for (const member of members) share.join(member);
    for (const bytes of all) {
      const least = share.leastServed(members);
      if (least !== undefined) share.charge(least, bytes);
      const services = members.map((member) => share.serviceOf(member) ?? Number.NaN);
      if (!(Math.max(...services) - Math.min(...services) <= Math.max(...all))) return false;
    }
    return true;
  });
  holds(t, property);
});

test('of those who were served equally little, the first is taken', (t) => {
  const share = new FairShare<string>();
  for (const member of ['a', 'b', 'c']) share.join(member);
  share.charge('a', 1);
  t.is(share.leastServed(['a', 'c', 'b']), 'c');
  t.is(share.leastServed([]), undefined);
});

test('a newcomer starts level with the least served', (t) => {
  const share = new FairShare<string>();
  share.join('a');
  share.join('b');
  share.charge('a', 50);
  share.charge('b', 30);
  share.join('c');
  t.is(share.serviceOf('c'), 30);
});

test('who was away is not owed what the others had meanwhile', (t) => {
  const share = new FairShare<string>();
  share.join('a');
  share.join('b');
  share.leave('b');
  share.charge('a', 1000);
  t.true(share.join('b'));
  t.is(share.serviceOf('b'), 1000);
});

test('who was away still owes what it had more than the others', (t) => {
  const share = new FairShare<string>();
  share.join('a');
  share.join('b');
  share.charge('b', 500);
  share.leave('b');
  share.charge('a', 100);
  share.join('b');
  t.is(share.serviceOf('b'), 500);
});

test('who had all while alone does not pay for it', (t) => {
  const share = new FairShare<string>();
  share.join('a');
  share.charge('a', 1000);
  share.leave('a');
  share.join('b');
  share.join('a');
  t.false(share.isBehind('b', 'a'));
  t.false(share.isBehind('a', 'b'));
});

test('a refund is kept by those who compete all the while', (t) => {
  const share = new FairShare<string>();
  share.join('a');
  share.join('b');
  share.charge('a', 100);
  share.charge('b', 100);
  share.refund('a', 60);
  t.false(share.join('a'));
  t.is(share.serviceOf('a'), 40);
});

test('nothing is charged to who is not known', (t) => {
  const share = new FairShare<string>();
  share.join('a');
  share.charge('a', 10);
  share.forget('a');
  share.charge('a', 10);
  share.refund('a', 5);
  t.is(share.serviceOf('a'), undefined);
});

import test from 'ava';
import { CardTraffic } from '../src/card-traffic.ts';

const LINK = 1_000_000;

/** Looks twice a second, with such rates; gives the seconds at which way was made. */
function waysMade(
  traffic: CardTraffic,
  seconds: number,
  rates: (second: number) => { readonly own: number; readonly others: number },
): number[] {
  const made: number[] = [];
  let [cardBytes, ownBytes] = [0, 0];
  for (let half = 0; half <= 2 * seconds; half++) {
    const atMs = 1000 + half * 500;
    const { own, others } = rates(half / 2);
    ownBytes += own / 2;
    cardBytes += own * 0.53 + others / 2;
    if (traffic.look({ atMs, cardBytes, ownBytes }, LINK)) made.push(half / 2);
  }
  return made;
}

test('what comes for this program alone is nobody else', (t) => {
  t.deepEqual(
    waysMade(new CardTraffic(), 60, () => ({ own: LINK, others: 0.1 * LINK })),
    [],
  );
});

test('others are seen within a second, and told less and less often while they last', (t) => {
  const made = waysMade(new CardTraffic(), 200, (second) => ({
    own: 0.5 * LINK,
    others: second >= 10 ? 0.5 * LINK : 0,
  }));
  t.deepEqual(made.slice(0, 4), [10.5, 13.5, 19.5, 31.5]);
  t.true(made.length <= 8, `${made.length} times`);
});

test('one moment is not enough, and a quiet time begins anew', (t) => {
  const traffic = new CardTraffic();
  const made = waysMade(traffic, 60, (second) => ({
    own: 0,
    others: second === 5 || (second >= 20 && second < 22) || second >= 50 ? LINK : 0,
  }));
  t.deepEqual(made.slice(0, 2), [20.5, 50.5]);
});

test('where nobody knows the link, nothing is said; after a rest nothing is compared', (t) => {
  const traffic = new CardTraffic();
  t.false(traffic.look({ atMs: 0, cardBytes: 0, ownBytes: 0 }, 0));
  t.false(traffic.look({ atMs: 500, cardBytes: LINK, ownBytes: 0 }, 0));
  traffic.rest();
  t.false(traffic.look({ atMs: 5000, cardBytes: 9 * LINK, ownBytes: 0 }, LINK));
  t.false(traffic.look({ atMs: 5500, cardBytes: 9.1 * LINK, ownBytes: 0 }, LINK));
});

import test from 'ava';
import { CardWatch } from '../src/office/card-watch.ts';

const LINK = 1_000_000;
const INTERFACES = [
  { interfaceName: 'eth0', isSharing: true, reason: '', addresses: [] },
  { interfaceName: 'tun0', isSharing: false, reason: '', addresses: [] },
];

/** A watch whose looks the test makes, half a second apart. */
function watchOf(cards: (half: number) => number | undefined) {
  let half = 0;
  const ways: string[] = [];
  const pacer = {
    isWanting: true,
    linkBytesPerSecond: LINK,
    makeWay: (reason: string) => void ways.push(reason),
  };
  const asked: (readonly string[])[] = [];
  const watch = new CardWatch({
    pacer,
    exchange: { interfaces: () => INTERFACES },
    clock: { uptimeMs: () => half * 500, every: () => ({ [Symbol.dispose]: () => undefined }) },
    ownBytes: () => 0,
    readCards: async (names) => {
      asked.push(names);
      return cards(half);
    },
  });
  const look = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time++) {
      half++;
      await watch.look();
    }
  };
  return { watch, pacer, ways, asked, look };
}

test('way is made for what other programs take in, by the cards that are shared on', async (t) => {
  const { ways, asked, look, watch } = watchOf((half) => half * 300_000);
  await look(3);
  t.deepEqual(ways, ['machine']);
  t.deepEqual(asked[0], ['eth0']);
  watch[Symbol.dispose]();
});

test('who wants nothing looks at nothing', async (t) => {
  const { ways, asked, pacer, look } = watchOf((half) => half * 300_000);
  pacer.isWanting = false;
  await look(5);
  t.deepEqual([ways, asked], [[], []]);
});

test('where the system does not tell, nothing is said', async (t) => {
  const { ways, look } = watchOf(() => undefined);
  await look(5);
  t.deepEqual(ways, []);
});

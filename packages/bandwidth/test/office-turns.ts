import process from 'node:process';
import type { WanNotice } from '@peer-cache/protocol';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { OfficeTurns } from '../src/office-turns.ts';
import { SimulatedTurns } from './helpers/simulated-turns.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const LIE: WanNotice = {
  peerId: '0'.repeat(32),
  use: 'fetching',
  turns: 0,
  isFilling: true,
  bytesPerSecond: 0,
};
/** Seconds of one turn. */
const TURN = 15;
const LIAR_HOST = '10.0.1.1';

/** Tells the office something, again and again. */
type Liar = (office: SimulatedTurns) => void;

test('of eight that want all the time one fetches at a time, and each an eighth of it', (t) => {
  const office = officeOf(t);
  office.addMany(8);
  office.run(10);
  const { nobody, several, each } = office.measure(10 * MINUTE);
  t.true(nobody < 0.03, `nobody ${nobody}`);
  t.true(several < 0.03, `several ${several}`);
  for (const share of each) t.true(Math.abs(share - 1 / 8) < 0.2 / 8, `${share}`);
});

test('two still take turns after hours', (t) => {
  const office = officeOf(t);
  office.addMany(2);
  office.run(3 * HOUR);
  const { nobody, several, each } = office.measure(10 * MINUTE);
  t.true(nobody < 0.03 && several < 0.03, `nobody ${nobody}, several ${several}`);
  for (const share of each) t.true(share > 0.4, `${share}`);
});

test('who is killed in its turn, without a word, is passed over within two seconds', (t) => {
  const office = officeOf(t);
  office.addMany(6);
  office.run(MINUTE);
  for (let time = 0; time < 4; time++) {
    office.until(() => office.colleagues.some(({ fetches }) => fetches));
    const fetching = office.colleagues.find(({ fetches }) => fetches);
    if (fetching !== undefined) office.kill(fetching);
    const seconds = office.until(() => office.colleagues.some(({ fetches }) => fetches));
    t.true(seconds < 2, `${seconds} s`);
  }
});

test('who is killed while it waits costs nobody a turn', (t) => {
  const office = officeOf(t);
  office.addMany(6);
  office.run(MINUTE);
  const waiting = office.colleagues.find(({ fetches }) => !fetches);
  if (waiting !== undefined) office.kill(waiting);
  t.true(office.measure(MINUTE).nobody < 0.04);
});

test('who leaves something lets in the next one, and no third that would get nothing', (t) => {
  const office = officeOf(t);
  const first = office.add();
  first.fills = false;
  office.run(MINUTE);
  const second = office.add();
  // A newcomer may have two turns of its own first.
  t.true(office.until(() => first.fetches && second.fetches) < 2.6 * TURN);
  const third = office.add();
  office.run(10);
  const { several } = office.measure(50 * TURN);
  t.true(several > 0.2 && several < 0.45, `several ${several}`);
  second.fills = false;
  t.true(office.until(() => [first, second, third].every(({ fetches }) => fetches)) < MINUTE);
});

test('who comes late starts with as many turns as the others', (t) => {
  const office = officeOf(t);
  office.addMany(2);
  office.run(10 * MINUTE);
  office.add();
  const { each } = office.measure(20 * TURN);
  for (const share of each) t.true(Math.abs(share - 1 / 3) < 0.08, `${share}`);
});

test('newcomers that come and go have their turn, and leave theirs to who stays', (t) => {
  const office = officeOf(t);
  const stayers = office.addMany(3);
  office.run(MINUTE);
  for (const each of stayers) each.samples = 0;
  for (let time = 0; time < 20; time++) {
    const newcomer = office.add();
    office.run(6.7 * TURN);
    t.true(newcomer.samples > 0.67 * TURN * 100, `${newcomer.samples * 10} ms of a turn`);
    office.kill(newcomer);
  }
  for (const { samples } of stayers) t.true(samples / (20 * 6.7 * TURN * 100) > 0.15, `${samples}`);
});

test('who wants now and then saves nothing up', (t) => {
  const office = officeOf(t);
  const [seldom, ...others] = office.addMany(3);
  if (seldom !== undefined) seldom.wants = false;
  office.run(10 * MINUTE);
  if (seldom !== undefined) seldom.wants = true;
  office.measure(10 * TURN);
  for (const { samples } of others) t.true(samples > 2.5 * TURN * 100, `${samples * 10} ms`);
});

test('who is alone may fetch from 200 ms on, always', (t) => {
  const office = officeOf(t);
  const alone = office.add();
  office.run(0.19);
  t.false(alone.fetches);
  office.run(0.15);
  t.is(office.measure(10 * MINUTE).nobody, 0);
  alone.wants = false;
  office.run(1);
  t.true(alone.mayFetch, 'nobody fills the way out');
});

test('who wants nothing is told whether others leave something', (t) => {
  const turns = new OfficeTurns('f'.repeat(32));
  const nothing = { wants: false, isFilling: false, isForeground: false, bytesPerSecond: 0 };
  t.true(turns.look(nothing, 0));
  t.is(turns.notice, undefined);
  turns.hear({ ...LIE, isFilling: false }, LIAR_HOST, 10);
  t.true(turns.look(nothing, 20));
  turns.hear(LIE, LIAR_HOST, 30);
  t.false(turns.look(nothing, 40));
  t.true(turns.look(nothing, 1500), 'it was heard no more');
});

test('what is told is what is done', (t) => {
  const turns = new OfficeTurns('f'.repeat(32));
  const use = { wants: true, isFilling: false, isForeground: false, bytesPerSecond: 7 };
  turns.look(use, 0);
  const told = { peerId: 'f'.repeat(32), turns: 0, isFilling: false, bytesPerSecond: 7 };
  t.deepEqual(turns.notice, { ...told, use: 'waiting' });
  turns.look(use, 250);
  t.deepEqual(turns.notice, { ...told, use: 'fetching' });
  turns.look({ ...use, isForeground: true, isFilling: true }, 300);
  t.deepEqual(turns.notice, { ...told, use: 'foreground', isFilling: true });
});

test("a person's download is news once in ten seconds from an address, and never the own", (t) => {
  const turns = new OfficeTurns('f'.repeat(32));
  const person = { ...LIE, use: 'foreground' as const };
  const isNews = (host: string, nowMs: number, peerId = LIE.peerId): boolean =>
    turns.hear({ ...person, peerId }, host, nowMs).isNews;
  t.true(isNews('10.0.0.1', 0));
  t.false(isNews('10.0.0.1', 5000, 'a'.repeat(32)), 'whoever it is there');
  t.true(isNews('10.0.0.2', 5000));
  t.false(isNews('10.0.0.1', 14_000), 'it goes on');
  t.true(isNews('10.0.0.1', 24_001), 'it ended, and another began');
  t.false(isNews('10.0.0.3', 30_000, 'f'.repeat(32)));
  t.false(turns.hear(LIE, '10.0.0.4', 30_000).isNews);
});

const isBorne = test.macro<[liar: Liar]>((t, liar) => {
  for (const count of [3, 8]) {
    const office = officeOf(t);
    if (count === 3) liar(office);
    office.addMany(count);
    if (count === 8) liar(office);
    const { each } = office.measure(15 * MINUTE);
    for (const share of each) t.true(share >= 0.1, `${share} of the time, of ${count}`);
  }
});

test('one that says it never had a turn is borne', isBorne, telling({}));
test('one that says it had all turns is borne', isBorne, telling({ turns: 2 ** 32 - 1 }));
test('one that says it had half of them is borne', isBorne, telling({ turns: 2 ** 31 }));
test('one that waits for ever at the head is borne', isBorne, telling({ use: 'waiting' }));
test('one that says each time that it just begins is borne', isBorne, (office) => {
  let times = 0;
  const uses = ['fetching', 'waiting', 'waiting'] as const;
  office.every(400, () => tell(office, { use: uses[times++ % 3] ?? 'waiting' }));
});
test('one that is another each time is borne', isBorne, (office) => {
  office.every(300, () => tell(office, { peerId: office.newId() }));
});
test('one that goes by the name of another is borne', isBorne, (office) => {
  office.every(150, () => {
    const [honest] = office.colleagues;
    if (honest !== undefined) tell(office, { peerId: honest.peerId, turns: 7 });
  });
});
test('one that has 50 names at one address is borne', isBorne, (office) => {
  const names = Array.from({ length: 50 }, () => office.newId());
  office.every(400, () => {
    for (const peerId of names) tell(office, { peerId });
  });
});
test(
  'one that has 50 addresses, and says that each takes its turn, is borne',
  isBorne,
  (office) => {
    const names = Array.from({ length: 50 }, () => office.newId());
    office.every(400, () => {
      const turn = Math.floor(office.nowMs / (TURN * 1000));
      for (const [index, peerId] of names.entries()) {
        const use = index === turn % names.length ? 'fetching' : 'waiting';
        const notice = { ...LIE, peerId, use, turns: Math.floor(turn / names.length) } as const;
        office.tell(notice, `10.0.1.${index}`);
      }
    });
  },
);

test('four names of an address are believed, and no more names than a large office has', (t) => {
  const turns = new OfficeTurns('f'.repeat(32));
  for (let name = 0; name < 10_000; name++) {
    const peerId = name.toString(16).padStart(32, '0');
    turns.hear({ ...LIE, peerId }, name < 50 ? LIAR_HOST : `10.0.${name >> 8}.${name & 255}`, 0);
    if (name === 49) t.is(turns.others, 4);
  }
  t.is(turns.others, 250);
});

const leavesOrder = test.macro<[turnsAt: (nowMs: number) => number]>((t, turnsAt) => {
  const office = officeOf(t);
  office.every(50, () => tell(office, { use: 'waiting', turns: turnsAt(office.nowMs) }));
  office.run(1);
  office.add();
  office.run(3.4 * TURN);
  office.addMany(3);
  office.run(10 * MINUTE);
  // Whether the liar is the first to be heard is a matter of chance.
  for (let time = 0; time < 6; time++) {
    const newcomer = office.add();
    const { each, several } = office.measure(40 * TURN);
    t.true(several < 0.03, `several ${several}`);
    for (const share of each) t.true(Math.abs(share - 1 / 5) < 0.08, `${share}`);
    office.kill(newcomer);
  }
});

test('one that says it had none brings no newcomer before the others', leavesOrder, () => 0);
test('one that leads others up to the last number leads them past it', leavesOrder, (nowMs) =>
  nowMs < 10_000 ? 2 ** 31 - 1 : 2 ** 32 - 6,
);

function officeOf(t: ExecutionContext): SimulatedTurns {
  const seed = Number(process.env['TURNS_SEED'] ?? 1);
  t.log(`TURNS_SEED=${seed}`);
  return new SimulatedTurns(seed);
}

function telling(fields: Partial<WanNotice>): Liar {
  return (office) => office.every(400, () => tell(office, fields));
}

function tell(office: SimulatedTurns, fields: Partial<WanNotice>): void {
  office.tell({ ...LIE, ...fields }, LIAR_HOST);
}

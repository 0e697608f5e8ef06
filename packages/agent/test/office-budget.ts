import { EventEmitter } from 'node:events';
import { encodeWanNotice } from '@peer-cache/protocol';
import type { WanNotice } from '@peer-cache/protocol';
import test from 'ava';
import { HandClock } from '../../bandwidth/test/helpers/hand-clock.ts';
import { OfficeBudget } from '../src/office/office-budget.ts';
import type { OfficeNotices, OfficePacer } from '../src/office/office-budget.ts';

const NOTICE: WanNotice = {
  peerId: '9'.repeat(32),
  use: 'fetching',
  turns: 0,
  isFilling: true,
  bytesPerSecond: 0,
};

/** A link: whoever sends is heard by all, itself too, as by multicast. */
class Link {
  readonly ends: LinkEnd[] = [];
  readonly sent: Uint8Array[] = [];

  plugIn(): LinkEnd {
    const end = new LinkEnd(this, `10.0.0.${this.ends.length + 1}`);
    this.ends.push(end);
    return end;
  }

  send(bytes: Uint8Array, host: string): void {
    this.sent.push(bytes);
    for (const end of this.ends) end.emit('heard', { bytes, host });
  }
}

class LinkEnd
  extends EventEmitter<{ heard: [{ readonly bytes: Uint8Array; readonly host: string }] }>
  implements OfficeNotices
{
  readonly #link: Link;
  readonly #host: string;

  constructor(link: Link, host: string) {
    super();
    this.#link = link;
    this.#host = host;
  }

  send(bytes: Uint8Array): void {
    this.#link.send(bytes, this.#host);
  }
}

/** Requests of an agent that uses its turn to the full, and keeps what it is told. */
class ToldPacer implements OfficePacer {
  isWanting = false;
  /** The way was full a moment ago. */
  wasFull = false;
  linkBytesPerSecond = 0;
  readonly ways: string[] = [];
  readonly supposed: number[] = [];
  turnChanges = 0;
  readonly #office: OfficeBudget;

  constructor(office: OfficeBudget) {
    this.#office = office;
    office.attach(this);
  }

  get isFilling(): boolean {
    return this.wasFull || (this.isWanting && this.#office.mayFetch());
  }

  makeWay(reason: string): void {
    this.ways.push(reason);
  }

  supposeLink(bytesPerSecond: number): void {
    this.supposed.push(bytesPerSecond);
  }

  turnChanged(): void {
    this.turnChanges++;
  }
}

/** Keeps count of who looks again and again. */
class CountingClock extends HandClock {
  ticking = 0;

  override every(intervalMs: number, work: () => void): Disposable {
    const ticker = super.every(intervalMs, work);
    this.ticking++;
    return {
      [Symbol.dispose]: () => {
        this.ticking--;
        ticker[Symbol.dispose]();
      },
    };
  }
}

function twoAgents() {
  const clock = new CountingClock();
  const link = new Link();
  const agentOf = (peerId: string) => {
    const office = new OfficeBudget({ notices: link.plugIn(), peerId, clock });
    return { office, pacer: new ToldPacer(office) };
  };
  return { clock, link, one: agentOf('1'.repeat(32)), other: agentOf('2'.repeat(32)) };
}

test('two that want take turns, and are told when theirs begins and ends', (t) => {
  const { clock, one, other } = twoAgents();
  for (const { office, pacer } of [one, other]) {
    pacer.isWanting = true;
    office.want();
  }
  const had = [0, 0];
  for (let seconds = 0; seconds < 150; seconds += 0.05) {
    clock.pass(50);
    for (const [index, { office }] of [one, other].entries()) {
      if (office.mayFetch()) had[index] = (had[index] ?? 0) + 0.05;
    }
    if (seconds > 1) t.false(one.office.mayFetch() && other.office.mayFetch());
  }
  for (const seconds of had) t.true(seconds > 62 && seconds < 88, `${seconds} s`);
  t.true(one.pacer.turnChanges >= 8 && one.pacer.turnChanges <= 14, `${one.pacer.turnChanges}`);
});

test('who has come to an end leaves the way to the next at once', (t) => {
  const { clock, one, other } = twoAgents();
  for (const { office, pacer } of [one, other]) {
    pacer.isWanting = true;
    office.want();
  }
  for (let time = 0; time < 100; time++) clock.pass(50);
  const [first, next] = one.office.mayFetch() ? [one, other] : [other, one];
  t.false(next.office.mayFetch());
  first.pacer.isWanting = false;
  first.pacer.wasFull = true;
  for (let time = 0; time < 8; time++) clock.pass(50);
  t.true(next.office.mayFetch());
});

test('what was wanted a moment ago is wanted for a second, and then nothing is told', (t) => {
  const { clock, link, one } = twoAgents();
  one.office.want();
  t.false(one.office.mayFetch(), 'it listens first');
  clock.pass(400);
  t.true(one.office.mayFetch());
  clock.pass(400);
  one.office.want();
  clock.pass(1200);
  const told = link.sent.length;
  t.true(told >= 4 && told <= 6, `${told} notices in two seconds`);
  clock.pass(10_000);
  t.is(link.sent.length, told);
  t.is(clock.ticking, 0);
});

test('a person at one has the other make way, once', (t) => {
  const { clock, one, other } = twoAgents();
  for (let time = 0; time < 50; time++) {
    one.office.foreground();
    clock.pass(100);
  }
  t.deepEqual(other.pacer.ways, ['office']);
  t.deepEqual(one.pacer.ways, [], 'its own it knows');
  clock.pass(20_000);
  t.is(clock.ticking, 0);
  one.office.foreground();
  t.deepEqual(other.pacer.ways, ['office', 'office']);
});

test('what others found the way out to bring is supposed', (t) => {
  const { clock, one, other } = twoAgents();
  one.pacer.linkBytesPerSecond = 12_500_000;
  one.office.want();
  clock.pass(100);
  t.is(other.pacer.supposed[0], 12_500_000);
});

test('others that fall silent leave the turn to who did not even want it', (t) => {
  const { clock, link, one } = twoAgents();
  link.send(encodeWanNotice(NOTICE), '10.0.0.9');
  t.false(one.office.mayFetch());
  t.is(one.pacer.turnChanges, 1);
  clock.pass(1500);
  t.true(one.office.mayFetch());
  t.is(one.pacer.turnChanges, 2);
  t.is(clock.ticking, 0);
});

test('what is no notice is nothing', (t) => {
  const { clock, link, one } = twoAgents();
  const sound = encodeWanNotice({ ...NOTICE, bytesPerSecond: 5 });
  const garbage = [
    Buffer.alloc(0),
    Buffer.from('GET / HTTP/1.1'),
    Buffer.alloc(256, 0xa1),
    sound.subarray(1),
  ];
  for (const bytes of garbage) t.notThrows(() => link.send(bytes, '10.0.0.9'));
  t.true(one.office.mayFetch());
  t.deepEqual(one.pacer.supposed, []);
  t.is(clock.ticking, 0);
  link.send(sound, '10.0.0.9');
  t.deepEqual(one.pacer.supposed, [5]);
});

test('one that is disposed of in its turn looks, hears and tells no more', (t) => {
  const { clock, link, one, other } = twoAgents();
  one.pacer.isWanting = true;
  one.office.want();
  clock.pass(1000);
  t.true(clock.ticking > 0);
  one.office[Symbol.dispose]();
  clock.pass(3000);
  t.is(clock.ticking, 0);
  const told = link.sent.length;
  one.office.want();
  one.office.foreground();
  clock.pass(3000);
  t.is(link.sent.length, told);
  t.is(clock.ticking, 0);
  t.is(link.ends[0]?.listenerCount('heard'), 0);
  t.true(other.office.mayFetch());
});

test('who shares with nobody may always fetch', (t) => {
  const clock = new CountingClock();
  const office = new OfficeBudget({ notices: undefined, peerId: '1'.repeat(32), clock });
  office.want();
  office.foreground();
  t.true(office.mayFetch());
  t.is(clock.ticking, 0);
});

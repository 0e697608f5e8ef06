import { MINUTE_MS } from '@peer-cache/core';
import test from 'ava';
import { Capacity } from '../src/capacity.ts';
import { OwnRate } from '../src/own-rate.ts';

/** A link that is filled with one rate after the other, each for some time. */
class FilledLink {
  readonly capacity = new Capacity();
  readonly #rate = new OwnRate();
  #nowMs = 1;

  bring(bytesPerMs: number, forMs: number, { isFull = true } = {}): void {
    for (const endMs = this.#nowMs + forMs; this.#nowMs < endMs; this.#nowMs += 10) {
      this.#rate.note(10 * bytesPerMs, this.#nowMs);
      if (isFull) this.capacity.filled(this.#rate, this.#nowMs);
      else this.capacity.left();
    }
  }
}

/** Rates are by slots: some percent are nothing. */
function isNearly(bytesPerMs: number | undefined, expected: number): boolean {
  return bytesPerMs !== undefined && Math.abs(bytesPerMs / expected - 1) < 0.05;
}

test('nothing is known of a link that nothing has filled', (t) => {
  const link = new FilledLink();
  link.bring(100, 5000, { isFull: false });
  t.is(link.capacity.bytesPerMs, undefined);
  link.bring(100, 100);
  t.is(link.capacity.bytesPerMs, undefined);
});

test('what fills it for a while is what it can do', (t) => {
  const link = new FilledLink();
  link.bring(100, 2000);
  t.true(isNearly(link.capacity.bytesPerMs, 100));
});

test('more is known when it lasts, and less is not believed', (t) => {
  const link = new FilledLink();
  link.bring(100, 2000);
  link.bring(200, 300, { isFull: false });
  link.bring(200, 400);
  t.true(isNearly(link.capacity.bytesPerMs, 100), 'a burst');
  link.bring(200, 2500);
  t.true(isNearly(link.capacity.bytesPerMs, 200));
  link.bring(100, 10_000);
  t.true(isNearly(link.capacity.bytesPerMs, 200), 'half: somebody else has the rest');
});

test('what is a little less for some time is what it can do now', (t) => {
  const link = new FilledLink();
  link.bring(200, 3000);
  link.bring(186, 40_000);
  t.true((link.capacity.bytesPerMs ?? 0) < 192);
});

test('what can not be had is forgotten, sooner where nothing waits in a queue', (t) => {
  const links = [new FilledLink(), new FilledLink()] as const;
  for (const link of links) link.bring(100, 2000);
  const [{ capacity: queued }, { capacity: empty }] = links;
  for (let minute = 0; minute < 4; minute++) {
    queued.missed(MINUTE_MS, { hasQueue: true });
    empty.missed(MINUTE_MS, { hasQueue: false });
  }
  t.true((empty.bytesPerMs ?? 0) < 50);
  t.true((queued.bytesPerMs ?? 0) > 50 && (queued.bytesPerMs ?? 0) < 100);
  const unknown = new Capacity();
  unknown.missed(MINUTE_MS, { hasQueue: true });
  t.is(unknown.bytesPerMs, undefined);
});

test('what others say is believed by who has no proof, until it could not be had for a while', (t) => {
  const link = new FilledLink();
  link.capacity.suppose(400);
  t.is(link.capacity.bytesPerMs, 400);
  t.true(link.capacity.isHearsay);
  link.bring(100, 10_000);
  t.is(link.capacity.bytesPerMs, 400, 'somebody else may have the rest');
  link.bring(100, 20_000);
  t.true(isNearly(link.capacity.bytesPerMs, 100));
  link.capacity.suppose(400);
  t.false(link.capacity.isHearsay, 'there is proof');
});

import test from 'ava';
import { LogRing } from '../src/log/log-ring.ts';

function lineOf(level: number, msg: string): string {
  return `${JSON.stringify({ level, time: 1, msg })}\n`;
}

test('the latest records are kept, and no more than so many', (t) => {
  const ring = new LogRing({ mostRecords: 3 });
  for (let number = 0; number < 9; number++) ring.write(lineOf(30, String(number)));
  t.deepEqual(
    ring.lines('debug'),
    [6, 7, 8].map((number) => lineOf(30, String(number))),
  );
});

test('no more than so many bytes are kept, even of one record', (t) => {
  const line = lineOf(30, 'é'.repeat(10));
  const ring = new LogRing({ mostBytes: 2 * Buffer.byteLength(line) });
  for (let number = 0; number < 9; number++) ring.write(line);
  t.is(ring.lines('debug').length, 2);
  ring.write(lineOf(30, 'a'.repeat(1000)));
  t.deepEqual(ring.lines('debug'), []);
  ring.write(line);
  t.deepEqual(ring.lines('debug'), [line]);
});

test('records are had from a level on', (t) => {
  const ring = new LogRing();
  for (const level of [20, 30, 40, 50, 60]) ring.write(lineOf(level, ''));
  t.deepEqual(
    (['debug', 'info', 'warn', 'error'] as const).map((level) => ring.lines(level).length),
    [5, 4, 3, 2],
  );
});

test('a listener is told what comes at its level, until it is disposed', (t) => {
  const ring = new LogRing();
  const heard: string[] = [];
  const listening = ring.listen('warn', (line) => heard.push(line));
  ring.write(lineOf(30, 'no'));
  ring.write(lineOf(40, 'yes'));
  listening[Symbol.dispose]();
  ring.write(lineOf(50, 'late'));
  t.deepEqual(heard, [lineOf(40, 'yes')]);
});

import test from 'ava';
import { pino } from 'pino';
import { followLogLevel } from '../src/log/log-level.ts';

test('a log and what was made of it write as much as is configured now', (t) => {
  const written: string[] = [];
  const log = pino({ level: 'info', base: null }, { write: (line) => written.push(line) });
  const levels = followLogLevel(log);
  const part = log.child({ part: 'download' });
  const deep = part.child({ jobId: '1' });
  const say = (): string => {
    written.length = 0;
    for (const each of [log, part, deep]) each.debug('hidden');
    for (const each of [log, part, deep]) each.info('shown');
    return written.map((line) => JSON.parse(line).msg).join(' ');
  };
  t.is(say(), 'shown shown shown');
  levels.reconfigure({ log: { level: 'debug' } });
  t.is(say(), 'hidden hidden hidden shown shown shown');
  levels.reconfigure({ log: { level: 'silent' } });
  t.is(say(), '');
});

import test from 'ava';
import { ProgressLine } from '../src/progress-line.ts';

/** What a line needs of a terminal. */
function fakeTerminal(columns: number) {
  const written: string[] = [];
  return { columns, written, write: (text: string) => written.push(text) > 0 };
}

test('a line leaves the last column free, and believes no terminal that has none', (t) => {
  t.is(new ProgressLine(fakeTerminal(80)).columns, 79);
  t.is(new ProgressLine(fakeTerminal(0)).columns, 79);
});

test('a line is written over the last one, and erased once', (t) => {
  const terminal = fakeTerminal(80);
  const line = new ProgressLine(terminal);
  line.show('a long line');
  line.show('short');
  line.clear();
  line.clear();
  t.deepEqual(terminal.written, ['\ra long line\u001B[K', '\rshort\u001B[K', '\r\u001B[K']);
});

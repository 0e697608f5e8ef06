import test from 'ava';
import { table } from '../src/table.ts';
import { padded, shortened, textWidth, wrapped } from '../src/text-width.ts';

test('letters of East Asia and pictures take two columns', (t) => {
  t.deepEqual(['abc', 'äé', '日本', '👩‍💻', ''].map(textWidth), [3, 2, 4, 2, 0]);
  t.is(padded('日本', 6), '日本  ');
  t.is(padded('42', 4, 'right'), '  42');
});

test('a text loses its middle, never half a letter, and is never wider than told', (t) => {
  t.is(shortened('https://files.example/images/a.iso', 16), 'https://…s/a.iso');
  t.is(shortened('short', 5), 'short');
  for (let columns = 1; columns < 20; columns++) {
    t.true(textWidth(shortened('日本語 の 名前 👩‍💻 file.iso', columns)) <= columns, String(columns));
  }
});

test('text is wrapped at spaces, and what has none stays whole', (t) => {
  t.deepEqual(wrapped('one two three\nfour', 8), ['one two', 'three', 'four']);
  t.deepEqual(wrapped('https://files.example/a b', 8), ['https://files.example/a', 'b']);
});

test('a table shortens its widest cells until it fits, and no more', (t) => {
  const shape = [
    { title: 'NAME', mayShrink: true },
    { title: 'SIZE', side: 'right' },
  ] as const;
  const rows = [
    ['a name that is far too long', '1 B'],
    ['b', '100 MiB'],
  ];
  const options = { columns: 20, paintTitle: String };
  t.deepEqual(table(shape, rows, options), [
    'NAME            SIZE',
    'a nam… long      1 B',
    'b            100 MiB',
  ]);
  t.deepEqual(table(shape, rows, { ...options, columns: Infinity })[1]?.slice(0, 27), rows[0]?.[0]);
});

import test from 'ava';
import { filesLike, readText } from './helpers/workspace.ts';

/** A row of a table in docs/errors.md: code, meaning, what to do, transient. */
const ROW = /^\| `(?<code>[A-Z][A-Z0-9_]+)` *\|(?<cells>.*)\|$/gm;
const CLASS = /^(?:export )?(?:abstract )?class /m;
const EXTENDS = /^\w+ extends PeerCacheError\b/;
const CODE = /\breadonly code = '(?<code>[A-Z][A-Z0-9_]+)'/;
/** An error that is passed on from another process keeps the code it had there. */
const PASSED_ON = /\breadonly code: string;/;

const classes = filesLike('packages/*/src/**/*.ts').flatMap((path) => {
  const [, ...texts] = (readText(path) ?? '').split(CLASS);
  return texts.filter((text) => EXTENDS.test(text)).map((text) => ({ path, text }));
});
const rows = [...(readText('docs/errors.md') ?? '').matchAll(ROW)].map(({ groups }) => ({
  code: groups?.['code'] ?? '',
  cells: (groups?.['cells'] ?? '').split(' | ').map((cell) => cell.trim()),
}));

test('docs/errors.md has every error code of the sources once, and no other', (t) => {
  const inSources = classes.flatMap(({ text }) => codeIn(text) ?? []);
  t.true(inSources.length > 0);
  t.deepEqual(rows.map(({ code }) => code).toSorted(), inSources.toSorted());
});

test('every error class has a code of its own', (t) => {
  const nameless = classes.filter(({ text }) => !codeIn(text) && !PASSED_ON.test(text));
  t.deepEqual(
    nameless.map(({ path, text }) => `${path}: ${text.split(' ')[0]}`),
    [],
  );
});

test('docs/errors.md says of every error what it means, what to do, and if it is transient', (t) => {
  const short = rows.filter(({ cells }) => cells.length !== 3 || cells.includes(''));
  t.deepEqual(short, []);
  for (const { code, cells } of rows) {
    const { text = '' } = classes.find((each) => codeIn(each.text) === code) ?? {};
    const isTransient = /\breadonly transient = true\b/.test(text);
    t.is(cells.at(-1), isTransient ? 'yes' : 'no', code);
  }
});

function codeIn(text: string): string | undefined {
  return CODE.exec(text)?.groups?.['code'];
}

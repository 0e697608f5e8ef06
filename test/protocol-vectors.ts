import test from 'ava';
import { computedVectors } from './helpers/protocol-vectors.ts';
import { readText } from './helpers/workspace.ts';

const VECTORS = /^```vectors\n(?<text>[^`]*)^```$/m;
/** A name, then its hexadecimal digits on lines that begin with a space. */
const VECTOR = /^(?<name>\S.*)\n(?<hex>(?: +[0-9a-f]+\n)+)/gm;

test('the code gives the test vectors of docs/protocol.md, all of them and no other', (t) => {
  const { text = '' } = VECTORS.exec(readText('docs/protocol.md') ?? '')?.groups ?? {};
  const written = [...text.matchAll(VECTOR)].map(({ groups }) => [
    groups?.['name'] ?? '',
    groups?.['hex']?.replaceAll(/\s/g, '') ?? '',
  ]);
  t.deepEqual(Object.fromEntries(written), computedVectors());
  t.is(new Set(written.map(([name]) => name)).size, written.length);
});

import { GIB } from '@peer-cache/core';
import test from 'ava';
import { parseHeaders } from '../src/given-secrets.ts';
import { transportOf, USUAL_TRANSPORT } from '../src/given-settings.ts';
import { netrcEntry } from '../src/netrc.ts';
import {
  parseBytes,
  parseDigest,
  parseRange,
  parseRateLimit,
  parseSeconds,
} from '../src/written-values.ts';

test('durations, ranges, rates and digests are read as people write them', (t) => {
  t.deepEqual(
    ['90', '90s', '10m', '10 min', '2h', '14d', '1W'].map(parseSeconds),
    [90, 90, 600, 600, 7200, 1_209_600, 604_800],
  );
  t.deepEqual(parseRange('5-5', [{ startByte: 0, endByte: 2 }]), [
    { startByte: 0, endByte: 2 },
    { startByte: 5, endByte: 6 },
  ]);
  t.deepEqual(['2 MiB/s', '8 Mbit/s', '0', 'none'].map(parseRateLimit), [
    2_097_152,
    1_000_000,
    0,
    'none',
  ]);
  t.deepEqual(['4096', ' 1.5 KiB', '10 GiB', '1kb'].map(parseBytes), [4096, 1536, 10 * GIB, 1000]);
  t.is(parseDigest(`SHA256:${'AB'.repeat(32)}`), `sha256:${'ab'.repeat(32)}`);
  for (const wrong of ['', '-1', '1y', '1.5h', '10 m m']) t.throws(() => parseSeconds(wrong));
  for (const wrong of ['', '-5', '5', '5-4', 'a-b']) t.throws(() => parseRange(wrong));
  for (const wrong of ['', '2', '2 MiB', '50%', '-1 B/s']) t.throws(() => parseRateLimit(wrong));
  for (const wrong of ['', '0', '-1', '1 EiB', '1e9', 'lots']) t.throws(() => parseBytes(wrong));
  for (const wrong of ['', 'md5:ab', 'sha256:', `sha512:${'ab'.repeat(32)}`]) {
    t.throws(() => parseDigest(wrong));
  }
});

test('netrc: the host comes before the default, quotes and macros are understood', (t) => {
  const text = `# ours
machine other.example login a password b
macdef init
machine files.example login no password no

machine Files.Example
  login me password "two \\"words\\""
default login any password one`;
  t.deepEqual(netrcEntry(text, 'files.example'), { user: 'me', password: 'two "words"' });
  t.deepEqual(netrcEntry(text, 'else.example'), { user: 'any', password: 'one' });
  t.is(netrcEntry('machine a login b', 'a'), undefined);
});

test('headers are read a line each, and a wrong one is told without what is in it', (t) => {
  t.deepEqual(parseHeaders('# x\nX-Token:  a: b \r\n\nB: c'), { 'X-Token': 'a: b', B: 'c' });
  const error = t.throws(() => parseHeaders('X: y\ngeheim geheim'));
  t.regex(error.message, /^line 2 /);
  t.notRegex(error.message, /geheim/);
});

test('what is not said of the way to the origins stays as it was', (t) => {
  const before = transportOf({ proxy: 'http://proxy:3128', allowHttp: true }, USUAL_TRANSPORT);
  const after = transportOf({ proxyBypass: ['intranet'], redirects: 'refuse' }, before);
  t.deepEqual(after, {
    proxy: { use: 'explicit', url: 'http://proxy:3128', bypass: ['intranet'] },
    redirects: 'refuse',
    allowHttp: true,
  });
  t.throws(() => transportOf({ proxyBypass: ['intranet'] }, USUAL_TRANSPORT));
  t.throws(() => transportOf({ proxy: 'none', proxyBypass: ['intranet'] }, USUAL_TRANSPORT));
});

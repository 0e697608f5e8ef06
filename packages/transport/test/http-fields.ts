import test from 'ava';
import {
  contentCoding,
  contentInformationLink,
  contentRange,
  retryAfterMs,
  strongValidator,
} from '../src/http-fields.ts';

const read = (value: string) => contentRange({ 'content-range': value });

test('content ranges are read, and contradictions are none', (t) => {
  t.deepEqual(read('bytes 0-9/100'), { startByte: 0, endByte: 10, sizeBytes: 100 });
  t.deepEqual(read('bytes 5-5/*'), { startByte: 5, endByte: 6, sizeBytes: undefined });
  for (const bad of [
    'bytes 9-0/100',
    'bytes 0-100/100',
    'bytes */100',
    'items 0-1/2',
    '',
    'bytes 0-9/100, bytes 0-9/100',
  ]) {
    t.is(read(bad), undefined, bad);
  }
});

test('a validator is strong or none', (t) => {
  const date = 'Sun, 22 Nov 2026 12:00:00 GMT';
  t.is(strongValidator({ etag: '"a"' }), '"a"');
  t.is(strongValidator({ etag: 'W/"a"' }), undefined);
  t.is(strongValidator({ etag: 'a' }), undefined);
  const old = 'Sun, 22 Nov 2026 11:59:00 GMT';
  t.is(strongValidator({ 'last-modified': old, date }), old);
  t.is(strongValidator({ 'last-modified': 'Sun, 22 Nov 2026 11:59:01 GMT', date }), undefined);
  t.is(strongValidator({ 'last-modified': old }), undefined);
});

test('Retry-After is read in both of its forms', (t) => {
  t.is(retryAfterMs({ 'retry-after': '120' }, 0), 120_000);
  const nowMs = Date.parse('2026-11-22T12:00:00Z');
  t.is(retryAfterMs({ 'retry-after': 'Sun, 22 Nov 2026 12:00:30 GMT' }, nowMs), 30_000);
  t.is(retryAfterMs({ 'retry-after': 'Sun, 22 Nov 2026 11:00:00 GMT' }, nowMs), 0);
  t.is(retryAfterMs({ 'retry-after': 'soon' }, nowMs), undefined);
  t.is(retryAfterMs({}, nowMs), undefined);
});

test('identity is no coding', (t) => {
  t.is(contentCoding({}), undefined);
  t.is(contentCoding({ 'content-encoding': 'identity' }), undefined);
  t.is(contentCoding({ 'content-encoding': 'GZIP' }), 'gzip');
});

test('the link to content information is found among others', (t) => {
  const link = '</style.css>; rel=preload, <x.peer-cache>; rel="content-information"';
  t.is(contentInformationLink({ link }), 'x.peer-cache');
  t.is(contentInformationLink({ link: '</a>; rel=next' }), undefined);
  t.is(contentInformationLink({ link: '<<<' }), undefined);
});

import test from 'ava';
import { checkConditions, isRangeCurrent } from '../src/conditions.ts';
import type { ConditionHeaders } from '../src/conditions.ts';

const MODIFIED_MS = Date.parse('2025-06-01T12:00:00.500Z');
const SAME = 'Sun, 01 Jun 2025 12:00:00 GMT';
const EARLIER = 'Sun, 01 Jun 2025 11:59:59 GMT';
const VALIDATORS = { etag: '"a"', modifiedMs: MODIFIED_MS };

const checks = test.macro({
  exec(t, headers: ConditionHeaders, expected: ReturnType<typeof checkConditions>) {
    t.is(checkConditions(headers, VALIDATORS), expected);
  },
  title: (_, headers) => `${JSON.stringify(headers)} is evaluated as RFC 9110 says`,
});

test(checks, {}, 'send');
test(checks, { 'if-match': '"a"' }, 'send');
test(checks, { 'if-match': '"b", "a"' }, 'send');
test(checks, { 'if-match': '*' }, 'send');
test(checks, { 'if-match': '"b"' }, 'failed');
test(checks, { 'if-match': 'W/"a"' }, 'failed');
test(checks, { 'if-match': '"a"', 'if-unmodified-since': EARLIER }, 'send');
test(checks, { 'if-unmodified-since': EARLIER }, 'failed');
test(checks, { 'if-unmodified-since': SAME }, 'send');
test(checks, { 'if-unmodified-since': 'nonsense' }, 'send');
test(checks, { 'if-none-match': '"a"' }, 'not-modified');
test(checks, { 'if-none-match': 'W/"a"' }, 'not-modified');
test(checks, { 'if-none-match': '*' }, 'not-modified');
test(checks, { 'if-none-match': '"b"' }, 'send');
test(checks, { 'if-none-match': '"b"', 'if-modified-since': SAME }, 'send');
test(checks, { 'if-modified-since': SAME }, 'not-modified');
test(checks, { 'if-modified-since': EARLIER }, 'send');
test(checks, { 'if-modified-since': 'nonsense' }, 'send');

test('If-Range lets a range through for the same strong ETag only', (t) => {
  t.true(isCurrent(undefined));
  t.true(isCurrent('"a"'));
  t.false(isCurrent('"b"'));
  t.false(isCurrent('W/"a"'));
  t.true(isCurrent(SAME));
  t.false(isCurrent(EARLIER));
  t.false(isCurrent('nonsense'));
});

function isCurrent(ifRange: string | undefined): boolean {
  return isRangeCurrent({ 'if-range': ifRange }, VALIDATORS, MODIFIED_MS + 10_000);
}

test('If-Range with a date is not believed of what changed within the last second', (t) => {
  t.false(isRangeCurrent({ 'if-range': SAME }, VALIDATORS, MODIFIED_MS + 400));
  const withoutDate = { etag: '"a"', modifiedMs: undefined };
  t.false(isRangeCurrent({ 'if-range': SAME }, withoutDate, MODIFIED_MS + 10_000));
});

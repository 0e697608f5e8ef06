import test from 'ava';
import { errorOfStatus } from '../src/origin-status.ts';

/** Statuses, what they become, and whether that may pass. */
const TABLE: readonly (readonly [statuses: readonly number[], code: string, transient: boolean])[] =
  [
    [[200, 201, 203, 204, 205, 206, 226], 'ORIGIN_PROTOCOL', false],
    [[202], 'ORIGIN_FAILED', true],
    [[300, 301, 302, 303, 304, 305, 307, 308], 'ORIGIN_PROTOCOL', false],
    [[306, 309, 399], 'ORIGIN_FAILED', true],
    [[401, 402, 403, 451], 'ORIGIN_REFUSED', false],
    [[404, 410], 'ORIGIN_NOT_FOUND', false],
    [[407], 'PROXY_REFUSED', false],
    [[408, 425, 429, 503], 'ORIGIN_BUSY', true],
    [[409, 421, 423], 'ORIGIN_FAILED', true],
    [[400, 405, 406, 411, 412, 413, 414, 415, 416, 417, 418], 'ORIGIN_PROTOCOL', false],
    [[422, 424, 426, 428, 431, 444, 499], 'ORIGIN_PROTOCOL', false],
    [[500, 502, 504, 507, 509, 511, 520, 521, 522, 523, 524, 530, 599], 'ORIGIN_FAILED', true],
    [[501, 505, 506, 508, 510], 'ORIGIN_PROTOCOL', false],
    [[600, 999], 'ORIGIN_FAILED', true],
  ];

for (const [statuses, code, transient] of TABLE) {
  for (const status of statuses) {
    test(`status ${status} is ${code} and ${transient ? 'may pass' : 'stays'}`, (t) => {
      const error = errorOfStatus('https://origin.test/file', status, { 'retry-after': '120' });
      t.is(error.code, code);
      t.is(error.transient, transient);
      t.regex(error.message, new RegExp(`\\b${status}\\b`));
      if (transient) t.like(error, { retryMs: 120_000 });
    });
  }
}

test('without Retry-After nothing is said of when', (t) => {
  t.like(errorOfStatus('u', 500, {}), { retryMs: undefined });
  t.like(errorOfStatus('u', 503, { 'retry-after': 'soon' }), { retryMs: undefined });
});

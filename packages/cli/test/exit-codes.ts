import { readFile } from 'node:fs/promises';
import type { PeerCacheError } from '@peer-cache/core';
import test from 'ava';
import { AgentFailureError, AgentGoneError, AgentNotRunningError } from '../src/errors.ts';
import { EXIT, exitCodeOf } from '../src/exit-codes.ts';

function failure(code: string, transient: boolean): PeerCacheError {
  return new AgentFailureError({ code, message: 'failed', transient });
}

test('the code decides, else whether the same may work later, else it has failed', (t) => {
  t.is(exitCodeOf(failure('DISK_FULL', true)), EXIT.local);
  t.is(exitCodeOf(failure('ORIGIN_NOT_FOUND', false)), EXIT.notFound);
  t.is(exitCodeOf(failure('ORIGIN_BUSY', true)), EXIT.retryLater);
  t.is(exitCodeOf(failure('SOMETHING_NEW', false)), EXIT.failed);
  t.is(exitCodeOf(new AgentGoneError()), EXIT.retryLater);
  t.is(exitCodeOf(new AgentNotRunningError('/run/control.sock')), EXIT.failed);
  t.is(exitCodeOf(new TypeError('a fault of ours')), EXIT.failed);
});

test('the handbook tells every exit code', async (t) => {
  const path = new URL('../../../docs/operations.md', import.meta.url);
  const text = await readFile(path, 'utf8');
  for (const code of Object.values(EXIT)) t.regex(text, new RegExp(`^\\| ${code} +\\|`, 'm'));
});

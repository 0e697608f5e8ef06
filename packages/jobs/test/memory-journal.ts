import test from 'ava';
import { createMemoryJournal } from '../src/journal/memory-journal.ts';
import { journalContract } from './journal-contract.ts';

journalContract(test, async (t, options) => {
  const journal = createMemoryJournal(options);
  t.teardown(() => journal[Symbol.dispose]());
  return journal;
});

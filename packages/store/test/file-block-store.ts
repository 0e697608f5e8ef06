import { MIB, silentLog } from '@peer-cache/core';
import test from 'ava';
import { openFileBlockStore } from '../src/index.ts';
import { blockStoreContract } from './block-store-contract.ts';
import type { OpenForContract } from './block-store-contract.ts';
import { temporaryFolder } from './helpers/segments.ts';
import { inspectionContract } from './inspection-contract.ts';

const open: OpenForContract = async (
  t,
  { now = Date.now, limitBytes = 64 * MIB, ...options } = {},
) => {
  const folder = await temporaryFolder(t);
  const store = await openFileBlockStore(
    { log: silentLog, now },
    { folder, limitBytes, ...options },
  );
  t.teardown(() => store[Symbol.asyncDispose]());
  return store;
};

blockStoreContract(test, open);
inspectionContract(test, open);

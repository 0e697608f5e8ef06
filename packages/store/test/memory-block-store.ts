import { MIB } from '@peer-cache/core';
import test from 'ava';
import { createMemoryBlockStore } from '../src/index.ts';
import { blockStoreContract } from './block-store-contract.ts';
import type { OpenForContract } from './block-store-contract.ts';
import { inspectionContract } from './inspection-contract.ts';

const open: OpenForContract = async (
  t,
  { now = Date.now, limitBytes = 64 * MIB, ...options } = {},
) => {
  const store = createMemoryBlockStore({ now }, { limitBytes, ...options });
  t.teardown(() => store[Symbol.asyncDispose]());
  return store;
};

blockStoreContract(test, open);
inspectionContract(test, open);

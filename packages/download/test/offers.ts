import test from 'ava';
import { BlockSet } from '@peer-cache/core';
import { Member } from '../src/peers/member.ts';
import { Offers } from '../src/peers/offers.ts';
import { PeerPool } from '../src/peers/peer-pool.ts';

test('what a peer holds that is busy for a moment is on offer: nobody else need fetch it', async (t) => {
  await using pool = new PeerPool({ servePort: () => 0 });
  const [idle, busy] = [1, 2].map((host) => {
    return new Member(pool.peer({ host: `192.0.2.${host}`, port: 7690 }), 0);
  });
  if (idle === undefined || busy === undefined) throw new RangeError();
  const blocks = new BlockSet(512);
  blocks.add(3);
  busy.offers.set(0, { blocks, hasBlockHashList: true });
  t.true(new Offers([idle], [idle, busy]).hasBlock(0, 3));
  t.false(new Offers([idle]).hasBlock(0, 3));
  const gaps = new Offers([idle], [idle, busy]).gapsOf(
    { segmentIndex: 0, firstBlock: 0 },
    undefined,
  );
  t.is(gaps[0], 0b1111_0111);
});

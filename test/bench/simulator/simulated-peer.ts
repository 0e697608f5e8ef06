import { hash } from '@peer-cache/core';
import { Ownership } from '@peer-cache/ownership';
import type { Standing } from '@peer-cache/ownership';
import { Acquaintances } from './acquaintances.ts';
import type { Branch } from './branch.ts';
import { segmentOf } from './content.ts';
import { HeldBlocks } from './held-blocks.ts';
import type { LanLink } from './lan.ts';
import { misbehave } from './misconduct.ts';
import { OriginWork } from './origin-work.ts';
import { FIRST_LOOKUP_MS } from './settings.ts';
import type { PeerPlan } from './settings.ts';
import { Telling } from './telling.ts';

const SILENCE_NOTICED_MS = { least: 1200, most: 1700 };
/** A neighbour whose first answer does not come is waited for so long. */
const FIRST_STATE_MS = 1000;

/** One agent of the branch. */
export class SimulatedPeer {
  readonly peerId: string;
  readonly site: string;
  readonly plan: PeerPlan;
  readonly branch: Branch;
  readonly host: LanLink;
  readonly ownership: Ownership;
  readonly blocks: HeldBlocks;
  readonly telling: Telling;
  readonly acquaintances: Acquaintances;
  readonly originWork: OriginWork;
  isPresent = false;
  doneMs: number | undefined;
  #isSettled = false;

  constructor(branch: Branch, index: number, plan: PeerPlan, host: LanLink) {
    this.branch = branch;
    this.plan = plan;
    this.host = host;
    this.peerId = Buffer.from(hash(Buffer.from(`peer ${index} of ${branch.content.id}`)))
      .subarray(0, 16)
      .toString('hex');
    this.site = `host ${plan.host}`;
    const { peerId, site } = this;
    this.ownership = new Ownership({ peerId, contentId: branch.content.id, site });
    this.blocks = new HeldBlocks(branch.content);
    this.telling = new Telling(this);
    this.acquaintances = new Acquaintances(this);
    this.originWork = new OriginWork(this);
  }

  get isHonest(): boolean {
    return this.plan.conduct === 'honest';
  }

  /** Whether it has asked around: until then the origin is left alone. */
  get isSettled(): boolean {
    if (this.#isSettled) return true;
    const { time, settings } = this.branch;
    const sinceMs = time.nowMs - this.plan.startsMs;
    const firstLookupMs = FIRST_LOOKUP_MS[settings.standing];
    if (sinceMs < firstLookupMs) return false;
    const links = [...this.acquaintances.links.values()];
    const haveAll = links.every(({ hasAnswered }) => hasAnswered);
    if (!haveAll && sinceMs < firstLookupMs + FIRST_STATE_MS) return false;
    this.#isSettled = true;
    this.#stand(settings.standing);
    return true;
  }

  start(): void {
    const { branch, plan } = this;
    this.isPresent = true;
    this.ownership.standing = branch.settings.standing === 'foreground' ? 'foreground' : 'waiting';
    this.originWork.limit(plan.mostWanBytesPerMs);
    branch.lookUp(this);
    const firstLookMs = FIRST_LOOKUP_MS[branch.settings.standing];
    if (this.isHonest) branch.time.after(firstLookMs, () => this.originWork.lookRegularly());
    else misbehave(this);
    if (plan.ends !== undefined) branch.time.at(plan.ends.atMs, () => this.#end());
  }

  standingIn(segmentIndex: number): Standing {
    return this.blocks.hasSegment(segmentIndex) ? 'none' : this.ownership.standing;
  }

  /** Blocks are here, and verified. */
  take(
    runNumber: number,
    bits: number,
    { isFromOrigin }: { readonly isFromOrigin: boolean },
  ): void {
    const fresh = this.blocks.take(runNumber, bits);
    if (fresh === 0) return;
    this.telling.held(runNumber, fresh, { isUrgent: isFromOrigin });
    const segmentIndex = segmentOf(runNumber);
    if (!this.blocks.hasSegment(segmentIndex)) return;
    this.telling.stands(segmentIndex, { isUrgent: false });
    if (!this.blocks.isWhole) return;
    this.doneMs = this.branch.time.nowMs;
    this.branch.finished(this);
  }

  /** Blocks of a run that were asked for will not come: whoever else has them is asked. */
  retry(runNumber: number): void {
    for (const link of this.acquaintances.links.values()) link.retry(runNumber);
  }

  #stand(standing: Standing): void {
    if (this.ownership.standing === standing) return;
    this.ownership.standing = standing;
    for (let index = 0; index < this.branch.content.segmentCount; index++) {
      this.telling.stands(index, { isUrgent: true });
    }
  }

  #end(): void {
    const { branch, plan } = this;
    this.isPresent = false;
    this.originWork.stop();
    for (const { watcher } of this.telling.watchers) {
      const { least, most } = SILENCE_NOTICED_MS;
      const noticedMs = plan.ends?.isSilent ? least + branch.random() * (most - least) : 1;
      branch.time.after(noticedMs, () => watcher.acquaintances.lose(this));
    }
    branch.finished(this);
  }
}

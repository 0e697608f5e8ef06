interface Standing {
  service: number;
  isCompeting: boolean;
}

/**
 * Shares something by bytes among those who compete for it: whoever was served least comes next
 * (start-time fair queueing with equal weights). Of those who compete all the time nobody is ahead
 * of another by more than the largest single charge. Who joins, or comes back, starts level with
 * the least served: nobody saves up for later, and nobody pays for what was had while alone. Pure.
 */
export class FairShare<Member> {
  readonly #members = new Map<Member, Standing>();
  #mostService = 0;

  /** Begins to compete; false for who did so already. */
  join(member: Member): boolean {
    const standing = this.#members.get(member);
    if (standing?.isCompeting === true) return false;
    const service = Math.max(standing?.service ?? 0, this.#present());
    this.#members.set(member, { service, isCompeting: true });
    return true;
  }

  /** Ceases to compete for a while. Whoever is ahead of the others will still be so. */
  leave(member: Member): void {
    const standing = this.#members.get(member);
    if (standing !== undefined) standing.isCompeting = false;
  }

  /** Ceases to compete for good. */
  forget(member: Member): void {
    this.#members.delete(member);
  }

  charge(member: Member, bytes: number): void {
    const standing = this.#members.get(member);
    if (standing === undefined) return;
    standing.service += bytes;
    this.#mostService = Math.max(this.#mostService, standing.service);
  }

  /** Gives back what was charged and not had. */
  refund(member: Member, bytes: number): void {
    const standing = this.#members.get(member);
    if (standing !== undefined) standing.service -= bytes;
  }

  /** Bytes, and what was missed before joining; undefined for who was never seen, or is forgotten. */
  serviceOf(member: Member): number | undefined {
    return this.#members.get(member)?.service;
  }

  /** Whether the first was served less than the second. */
  isBehind(member: Member, other: Member): boolean {
    return this.#service(member) < this.#service(other);
  }

  /** Of those who were served equally little: the first. */
  leastServed(members: Iterable<Member>): Member | undefined {
    let least: Member | undefined;
    for (const member of members) {
      if (least === undefined || this.isBehind(member, least)) least = member;
    }
    return least;
  }

  #service(member: Member): number {
    return this.#members.get(member)?.service ?? this.#present();
  }

  /** Where a newcomer starts: with the least served; with nobody there, after all that was had. */
  #present(): number {
    let least = Infinity;
    for (const { service, isCompeting } of this.#members.values()) {
      if (isCompeting && service < least) least = service;
    }
    return least === Infinity ? this.#mostService : least;
  }
}

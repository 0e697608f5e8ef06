import type { JobPriority } from '@peer-cache/protocol';
import type { WeeklyInterval } from './schedule.ts';

/**
 * Which way bytes go: from origins, from peers, or to peers. What comes over the WAN is limited by
 * its priority as well.
 */
export type Direction = 'wan' | 'lan' | 'serving';

/** What can be limited by the configuration. */
export type LimitKey = Direction | JobPriority;

/** A rate, 0 for blocked; a share of what the link was measured to carry; or no limit. */
export type RateLimit =
  | { readonly bytesPerSecond: number }
  | { readonly linkShare: number }
  | 'none';

export type LimitRates = Readonly<Record<LimitKey, RateLimit>>;

/** An interval of the week, and what is limited otherwise while it is in force. */
export interface LimitInterval extends WeeklyInterval {
  readonly rates: Partial<LimitRates>;
}

export interface LimitsConfig {
  readonly rates: LimitRates;
  /** The first that matches is in force. */
  readonly schedule: readonly LimitInterval[];
}

/** What is configured where nobody configured anything. */
export const NO_LIMITS: LimitsConfig = {
  rates: {
    wan: 'none',
    lan: 'none',
    serving: 'none',
    foreground: 'none',
    high: 'none',
    normal: 'none',
    low: 'none',
  },
  schedule: [],
};

/** A limit of the configuration as it is now, and where it was written. */
export interface RateInForce {
  /** Bytes per second; undefined for no limit. */
  readonly rate: number | undefined;
  /** `limits.low`, or `schedule.work-hours.low`. */
  readonly key: string;
  /** The interval that it comes from; undefined for a rate that always holds. */
  readonly interval: string | undefined;
  /** Of what the link was measured to carry. */
  readonly linkShare: number | undefined;
}

/** A measurement that went wrong must not block what was to have its share. */
const LEAST_SHARE_BYTES_PER_SECOND = 1024;

/** `linkBytesPerSecond` is undefined while nobody has measured: then a share is no limit. */
export function rateInForce(
  { rates }: LimitsConfig,
  limit: LimitKey,
  {
    interval,
    linkBytesPerSecond,
  }: {
    readonly interval: LimitInterval | undefined;
    readonly linkBytesPerSecond: number | undefined;
  },
): RateInForce {
  const own = interval?.rates[limit];
  const written = own ?? rates[limit];
  return {
    rate: bytesPerSecondOf(written, linkBytesPerSecond),
    key: own === undefined ? `limits.${limit}` : `schedule.${interval?.name}.${limit}`,
    interval: own === undefined ? undefined : interval?.name,
    linkShare:
      typeof written === 'object' && 'linkShare' in written ? written.linkShare : undefined,
  };
}

function bytesPerSecondOf(
  limit: RateLimit,
  linkBytesPerSecond: number | undefined,
): number | undefined {
  if (limit === 'none') return undefined;
  if ('bytesPerSecond' in limit) return limit.bytesPerSecond;
  if (linkBytesPerSecond === undefined) return undefined;
  return Math.max(LEAST_SHARE_BYTES_PER_SECOND, limit.linkShare * linkBytesPerSecond);
}

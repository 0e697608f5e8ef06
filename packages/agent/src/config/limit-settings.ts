import { EXPECTED_RATE, parseRate } from '@peer-cache/bandwidth';
import type { LimitKey, RateLimit } from '@peer-cache/bandwidth';
import type { Setting } from './setting.ts';
import { parseShare } from './share.ts';

/** The settings of `limits`, by the names that `LimitKey` has. */
export interface LimitSettingsTable {
  readonly limitsWan: Setting<RateLimit>;
  readonly limitsLan: Setting<RateLimit>;
  readonly limitsServing: Setting<RateLimit>;
  readonly limitsForeground: Setting<RateLimit>;
  readonly limitsHigh: Setting<RateLimit>;
  readonly limitsNormal: Setting<RateLimit>;
  readonly limitsLow: Setting<RateLimit>;
}

/** What a limit limits; completes "At most so much …". */
const LIMITED: Readonly<Record<LimitKey, string>> = {
  wan: 'from origins, over the WAN',
  lan: 'from peers',
  serving: 'to peers',
  foreground: 'over the WAN for jobs of priority foreground, and for get',
  high: 'over the WAN for jobs of priority high',
  normal: 'over the WAN for jobs of priority normal',
  low: 'over the WAN for jobs of priority low',
};

export const LIMIT_SETTINGS: LimitSettingsTable = {
  limitsWan: limitSetting('limits.wan', 'wan'),
  limitsLan: limitSetting('limits.lan', 'lan'),
  limitsServing: limitSetting('limits.serving', 'serving'),
  limitsForeground: limitSetting('limits.foreground', 'foreground'),
  limitsHigh: limitSetting('limits.high', 'high'),
  limitsNormal: limitSetting('limits.normal', 'normal'),
  limitsLow: limitSetting('limits.low', 'low'),
};

/** A setting of a rate, a share of the link, or no limit. */
export function limitSetting(key: string, limit: LimitKey): Setting<RateLimit> {
  // Of the LAN nobody measures what it carries, so a share of it would never limit anything.
  const hasShare = limit !== 'lan' && limit !== 'serving';
  const share = hasShare ? ', a share of the measured link such as "50%"' : '';
  // What a neighbour has is not fetched from the origin: a job would wait for it for ever.
  const mayBlock = limit !== 'lan';
  const rate = mayBlock ? `${EXPECTED_RATE}, or "0"` : EXPECTED_RATE;
  return {
    key,
    doc: `At most so much ${LIMITED[limit]}${mayBlock ? '; "0" blocks' : ''}.`,
    expects: `${rate}${share}, or "none"`,
    fallback: 'none',
    fromText: (text) => text,
    read(value) {
      // What TOML has numbers for needs no quotes.
      const text = value === 0 ? '0' : value;
      if (typeof text !== 'string' || (text === '0' && !mayBlock)) return undefined;
      return parseLimit(text, hasShare);
    },
  };
}

function parseLimit(text: string, hasShare: boolean): RateLimit | undefined {
  if (text === 'none') return text;
  const linkShare = parseShare(text);
  if (linkShare !== undefined) return hasShare ? { linkShare } : undefined;
  const bytesPerSecond = parseRate(text);
  return bytesPerSecond === undefined ? undefined : { bytesPerSecond };
}

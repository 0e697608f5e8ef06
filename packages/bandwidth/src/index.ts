export { isAllowed } from './cost.ts';
export { NO_LIMITS } from './limit-config.ts';
export type {
  Direction,
  LimitInterval,
  LimitKey,
  LimitRates,
  LimitsConfig,
  RateLimit,
} from './limit-config.ts';
export { Limits } from './limits.ts';
export type { Leave, LimitExplanation, LimitName, LimitsClock, Taker } from './limits.ts';
export { OfficeTurns } from './office-turns.ts';
export type { OwnUse } from './office-turns.ts';
export { freeLeave } from './leave.ts';
export type { LeaveRequest, RequestLeave } from './leave.ts';
export type { Office } from './office.ts';
export { StreamPace } from './stream-pace.ts';
export type { UplinkStatus } from './uplink-rate.ts';
export { Pacer } from './pacer.ts';
export { Pace } from './pace.ts';
export type { Sleep, Wanted } from './pace.ts';
export { EXPECTED_RATE, isRate, LEAST_RATE, parseRate, shownRate } from './rate.ts';
export { WEEKDAYS } from './schedule.ts';
export type { Weekday } from './schedule.ts';
export { ALWAYS, UNPACED } from './turn.ts';
export type { Pacing, Turn, TurnUse } from './turn.ts';
export { BlockTurns } from './block-turns.ts';
export { CardTraffic } from './card-traffic.ts';
export type { CardSample } from './card-traffic.ts';

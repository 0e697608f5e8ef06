import type { AskedOfStranger, StrangerReport } from './hostile/asked.ts';
import type { Measures } from './measures.ts';
import type { RunningStranger } from './strangers.ts';

/** What hosts had to do with a stranger. */
export interface StrangerTalk extends Pick<RunningStranger, 'name' | 'mustBeAsked'> {
  readonly report: StrangerReport;
}

export async function talkWith({ report, ...stranger }: RunningStranger): Promise<StrangerTalk> {
  return { ...stranger, report: await report() };
}

/** A stranger whom nobody asked for what it has to give, or to tell, shows nothing. */
export function silenceOf({ name, mustBeAsked, report }: StrangerTalk): string | undefined {
  const isAsked = Object.values(report).some((asked) => asked[mustBeAsked] > 0);
  return isAsked ? undefined : `nobody asked ${name} for ${mustBeAsked}`;
}

/** Where any of them lied. */
export function lyingOf(talks: readonly StrangerTalk[]): Measures {
  const lies = talks.flatMap(({ report }) => Object.values(report).map((each) => each.lies));
  const most = Math.max(0, ...lies);
  return most > 0 ? { lies: most } : {};
}

export function remarkOf({ name, report }: StrangerTalk): string {
  const hosts = Object.values(report);
  const of = (what: keyof AskedOfStranger): string => hosts.map((each) => each[what]).join(', ');
  return (
    `${name} was asked by ${hosts.length} hosts: hellos ${of('hellos')}; states ${of('states')}; ` +
    `requests for blocks ${of('blocks')}; of these with lies ${of('lies')}`
  );
}

import { ARIA2 } from './subjects/aria2.ts';
import { CURL } from './subjects/curl.ts';
import { OURS } from './subjects/ours.ts';
import type { Subject } from './subjects/subject.ts';
import { TRANSMISSION } from './subjects/transmission.ts';

export const SUBJECTS: readonly Subject[] = [OURS, CURL, ARIA2, TRANSMISSION];

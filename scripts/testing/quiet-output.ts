import { stripVTControlCharacters } from 'node:util';

/** Passed, but not `✔ [expected fail]`; skipped; what ava says about our own settings. */
const NOT_SHOWN = /^ {2}(?:[✔√] (?!\[)|- \[(?:skip|todo)\]|[⚠‼] (?:Using|Experiments))/;
const LOG_LINE = /^ {4}/;

/**
 * Leaves out of ava's output what a reader of a long run does not need: tests that passed with
 * what they logged, skipped ones (they are listed at the end), and blank lines in a row. Takes
 * and gives whole lines.
 */
export function quietLines(): (line: string) => string[] {
  let isDropping = false;
  let wasBlank = true;
  return (line) => {
    const text = stripVTControlCharacters(line);
    isDropping = NOT_SHOWN.test(text) || (isDropping && LOG_LINE.test(text));
    const isBlank = text.trim() === '';
    if (isDropping || (isBlank && wasBlank)) return [];
    wasBlank = isBlank;
    return [line];
  };
}

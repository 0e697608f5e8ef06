/** What nearly every text is made of: one column each. */
const PLAIN = /^[\u{20}-\u{7e}]*$/u;
/** Letters of East Asia and pictures: two columns. Rather too wide than wrapped by the terminal. */
const WIDE =
  /\p{Emoji_Presentation}|\u{fe0f}|[\u{1100}-\u{115f}\u{2e80}-\u{a4cf}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe30}-\u{fe6f}\u{ff00}-\u{ff60}\u{ffe0}-\u{ffe6}\u{20000}-\u{3fffd}]/u;
const ELLIPSIS = '…';

let segmenter: Intl.Segmenter | undefined;

/** How many columns of a terminal a text takes. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const sign of signsOf(text)) width += signWidth(sign);
  return width;
}

/** A text in at most so many columns, without its middle where it has more. */
export function shortened(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  const room = Math.max(0, columns - 1);
  const signs = signsOf(text);
  const start = fitting(signs, Math.ceil(room / 2));
  const end = fitting(signs.toReversed(), Math.floor(room / 2));
  return [...start, ELLIPSIS, ...end.toReversed()].join('');
}

/** A text with spaces behind it, or before it, so that it takes so many columns. */
export function padded(text: string, columns: number, side: 'left' | 'right' = 'left'): string {
  const fill = ' '.repeat(Math.max(0, columns - textWidth(text)));
  return side === 'left' ? text + fill : fill + text;
}

/** A text as lines of at most so many columns, broken at spaces where there are some. */
export function wrapped(text: string, columns: number): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = [];
    let line = '';
    for (const word of paragraph.split(' ')) {
      const longer = line === '' ? word : `${line} ${word}`;
      if (line !== '' && textWidth(longer) > columns) {
        lines.push(line);
        line = word;
      } else {
        line = longer;
      }
    }
    return [...lines, line];
  });
}

function fitting(signs: readonly string[], columns: number): string[] {
  const taken: string[] = [];
  let room = columns;
  for (const sign of signs) {
    room -= signWidth(sign);
    if (room < 0) break;
    taken.push(sign);
  }
  return taken;
}

/** What a person would call the letters of a text. */
function signsOf(text: string): string[] {
  segmenter ??= new Intl.Segmenter();
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function signWidth(sign: string): number {
  return WIDE.test(sign) ? 2 : 1;
}

/** The media type of answers with one JSON value a line. */
export const NDJSON = 'application/x-ndjson';

/** One line of JSON for each value. */
export async function* linesOf(values: AsyncIterable<object>): AsyncGenerator<string> {
  for await (const value of values) yield `${JSON.stringify(value)}\n`;
}

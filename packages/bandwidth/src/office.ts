/** The agents that share a way out, as far as it concerns what goes out here. */
export interface Office {
  /** Whether it is this agent's turn in the background. */
  mayFetch(): boolean;
  /** This agent would like its turn, for the next moment at least. */
  want(): void;
  /** A person waits for something here. */
  foreground(): void;
}

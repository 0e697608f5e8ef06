import { Command } from 'commander';

/** The command line without commands. */
export function bareProgram(): Command {
  return (
    new Command('peer-cache')
      .showSuggestionAfterError()
      .exitOverride()
      // Errors are reported in one place and form.
      .configureOutput({ writeErr: () => undefined })
  );
}

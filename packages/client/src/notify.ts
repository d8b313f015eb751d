interface Globals {
  readonly reportError?: (error: unknown) => void;
  readonly process?: { emitWarning(text: string): void };
}

/**
 * Calls each listener with the event. An error that one throws is reported as the platform reports uncaught errors, but
 * ends nothing: the others are still called.
 */
export function notify<E>(listeners: Iterable<(event: E) => void>, event: E): void {
  for (const listener of listeners) {
    try {
      listener(event);
    } catch (error) {
      const { reportError, process } = globalThis as Globals;
      // Node has no `reportError`.
      if (reportError) reportError(error);
      else process?.emitWarning(String((error as Error | undefined)?.stack ?? error));
    }
  }
}

/** Receives the exit code of a run. */
export type SetExitCode = (code: number) => void;

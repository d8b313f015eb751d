import { StoreError, type StoreErrorKind } from "./store.ts";

const KINDS: Readonly<Record<string, StoreErrorKind>> = {
  ENOSPC: "full",
  EDQUOT: "full",
  EROFS: "readonly",
  EACCES: "readonly",
  EPERM: "readonly",
  EMFILE: "io",
  ENFILE: "io",
  EIO: "io",
};

/** Turns an error of the system into a `StoreError`; returns any other error as it is. */
export function toStoreError(error: unknown): unknown {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code;
  const kind = typeof code === "string" ? KINDS[code] : undefined;
  return kind && error instanceof Error ? new StoreError(kind, error.message, [], error) : error;
}

/** Rejects like the work, but with a `StoreError` if the disk or the system fails. */
export const onDisk = <T>(work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    throw toStoreError(error);
  });

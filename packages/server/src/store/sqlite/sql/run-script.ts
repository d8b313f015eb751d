import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { StoreError } from "../../store.ts";
import { toStoreError } from "../../system-error.ts";
import { memoryOf } from "../reader-process.ts";
import type { SqlAnswer, SqlJob, SqlReply } from "./sql-messages.ts";

const SCRIPT = fileURLToPath(new URL("./sql-main.ts", import.meta.url));
const WATCH_MS = 50;
/** The parent's watch comes first; the alarm is for when it fails. */
const ALARM_GRACE_S = 5;

export interface ScriptLimits {
  /** How long a script may take, in milliseconds; 0 is no limit, as for the next. */
  readonly limitMs: number;
  readonly memoryBytes: number;
  /** Ends a script that reads when nobody waits for it any more. */
  readonly signal?: AbortSignal | undefined;
}

type Outcome =
  Exclude<SqlReply, { readonly kind: "committing" }> | { readonly kind: "failed"; readonly error: unknown };

/**
 * Runs a script in a process of its own, and ends it when its time or memory is used up: what it had written is then
 * rolled back.
 *
 * @returns `undefined` for a script that writes although its mode is `read`
 * @throws StoreError with the engine's message, or `overrun`
 */
export async function runScript(
  job: Omit<SqlJob, "alarmSeconds">,
  { limitMs, memoryBytes, signal }: ScriptLimits,
): Promise<SqlAnswer | undefined> {
  if (signal?.aborted) throw abandoned();
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const fail = (error: unknown): void => resolve({ kind: "failed", error });
  let isCommitting = false;
  const child = start(
    (message) => {
      if (message.kind === "committing") isCommitting = true;
      else resolve(message);
    },
    () => fail(new StoreError("other", "the process that ran the script ended")),
  );
  const cut = (error: StoreError): void => {
    if (isCommitting) return;
    fail(error);
    child.kill("SIGKILL");
  };
  const watch = watchOver(child.pid, { limitMs, memoryBytes }, cut);
  const onAbort = (): void => cut(abandoned());
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    child.send({ ...job, alarmSeconds: limitMs > 0 ? Math.ceil(limitMs / 1_000) + ALARM_GRACE_S : 0 } satisfies SqlJob);
    const outcome = await promise;
    if (outcome.kind === "failed") throw outcome.error;
    if (outcome.kind === "error") throw new StoreError("invalid", outcome.message);
    return outcome.kind === "done" ? outcome.answer : undefined;
  } finally {
    watch.stop();
    signal?.removeEventListener("abort", onAbort);
    child.kill("SIGKILL");
    // Once it is gone, so is its lock.
    await child.exited;
  }
}

function start(
  onMessage: (message: SqlReply) => void,
  onExit: () => void,
): Bun.Subprocess<"ignore", "inherit", "inherit"> {
  try {
    return Bun.spawn([process.execPath, SCRIPT], {
      // Settings of the application's own folder, such as a `.env`, are not for it.
      cwd: dirname(SCRIPT),
      stdio: ["ignore", "inherit", "inherit"],
      serialization: "advanced",
      ipc: onMessage,
      onExit,
    });
  } catch (error) {
    throw toStoreError(error);
  }
}

/** Calls `cut` when the process has used up its time or its memory. */
function watchOver(
  pid: number,
  { limitMs, memoryBytes }: ScriptLimits,
  cut: (error: StoreError) => void,
): { readonly stop: () => void } {
  const overrun = (message: string): void => cut(new StoreError("overrun", message));
  const seconds = limitMs / 1_000;
  const timer =
    limitMs > 0
      ? setTimeout(() => overrun(`it took longer than --sql-seconds allows, ${seconds} s`), limitMs)
      : undefined;
  const checkMemory = (): void => {
    if ((memoryOf(pid) ?? 0) > memoryBytes) overrun("it took more memory than --reader-memory-mb allows");
  };
  const watch = memoryBytes > 0 ? setInterval(checkMemory, WATCH_MS) : undefined;
  return {
    stop() {
      clearTimeout(timer);
      clearInterval(watch);
    },
  };
}

const abandoned = (): StoreError => new StoreError("abandoned", "the client left");

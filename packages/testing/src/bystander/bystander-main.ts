/**
 * A client that only wants to be served, in a process of its own, so that the attackers' work does not delay it. It sends
 * health checks, reads and writes at a steady pace, whether the earlier ones are answered or not, and waits for the events.
 */
import { SocketClient } from "../clients/socket-client.ts";
import { residentBytes } from "../servers/process-stats.ts";
import type { BystanderCommand, BystanderReply, BystanderSettings, Probe } from "./measurement.ts";
import { PhaseLog } from "./phase-log.ts";

const TICK_MS = 15;
const MEMORY_MS = 40;
/** A server that takes more is killed, for the sake of the machine. */
const MAX_BYTES = 6e9;
/** Nothing takes longer: it hangs. */
const TIMEOUT_MS = 60_000;
/** More requests of a kind are not begun: that the server stands still is known by then. */
const MAX_PENDING = 40;

const settings = JSON.parse(process.argv[2]!) as BystanderSettings;
const records = `${settings.url}/api/collections/notes/records`;
const HEADERS = { "content-type": "application/json", "x-forwarded-for": "198.51.100.1" };

const phases = new Map<string, PhaseLog>();
let phase = new PhaseLog();
const pending = new Map<Probe, number>();
/** Writes whose event has not come, by title: when they were sent, and in which phase. */
const awaited = new Map<string, { readonly sentAt: number; readonly log: PhaseLog }>();
let titles = 0;
let isFinishing = false;

async function probe(name: Probe, url: string, options: RequestInit = {}): Promise<void> {
  const count = pending.get(name) ?? 0;
  if (count >= MAX_PENDING) return;
  pending.set(name, count + 1);
  const [log, sentAt] = [phase, performance.now()];
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, { ...options, headers: HEADERS, signal });
    await response.arrayBuffer();
    if (response.status !== 200) log.addFailure(`${name}: ${response.status}`);
  } catch (error) {
    log.addFailure(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  log.addTime(name, performance.now() - sentAt);
  pending.set(name, pending.get(name)! - 1);
}

async function write(): Promise<void> {
  if ((pending.get("write") ?? 0) >= MAX_PENDING) return;
  const title = `bystander ${(titles += 1)}`;
  awaited.set(title, { sentAt: performance.now(), log: phase });
  await probe("write", records, { method: "POST", body: JSON.stringify({ title, size: titles % 100 }) });
}

function tick(): void {
  void probe("health", `${settings.url}/api/health`);
  void probe("read", `${records}/${settings.record}`);
  void probe("list", `${records}?perPage=10&skipTotal=1`);
  void write();
  void probe("control", settings.controlUrl);
}

/** Follows the writes on a WebSocket, which must never be cut. */
async function follow(): Promise<void> {
  const client = await SocketClient.connect(settings.url, {
    headers: { "x-forwarded-for": "198.51.100.1" },
    onMessage: (message) => {
      if (message.type === "resync") phase.addFailure(`resync: ${message.reason}`);
      if (message.type !== "record_event") return;
      const title = String(message.record["title"]);
      const found = awaited.get(title);
      found?.log.addTime("event", performance.now() - found.sentAt);
      awaited.delete(title);
    },
  });
  await client.subscribe("notes.*");
  void client.closed.then(({ code }) => {
    if (!isFinishing) phase.addFailure(`the stream was cut with ${code}`);
  });
}

function watchMemory(): void {
  const bytes = residentBytes(settings.pid);
  phase.addMemory(bytes);
  if (bytes > MAX_BYTES) process.kill(settings.pid, "SIGKILL");
}

async function finish(): Promise<void> {
  clearInterval(ticking);
  const deadline = performance.now() + TIMEOUT_MS;
  const isWaiting = (): boolean => awaited.size > 0 || [...pending.values()].some((count) => count > 0);
  while (isWaiting() && performance.now() < deadline) await Bun.sleep(10);
  isFinishing = true;
  for (const { log } of awaited.values()) log.addFailure("an event never came");
  const summaries = Object.fromEntries([...phases].map(([name, log]) => [name, log.summary()]));
  process.send!({ kind: "finished", phases: summaries } satisfies BystanderReply);
}

function receive(command: BystanderCommand): void {
  if (command.kind === "finish") void finish();
  else phase = phases.getOrInsertComputed(command.phase, () => new PhaseLog());
}

await follow();
const ticking = setInterval(tick, TICK_MS);
setInterval(watchMemory, MEMORY_MS);
process.on("message", receive);
process.send!({ kind: "ready" } satisfies BystanderReply);

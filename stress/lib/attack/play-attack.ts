import { Bystander } from "@headwater/testing/bystander/bystander.ts";
import type { Random } from "@headwater/testing/lib/seeded-random.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";
import { readStats } from "@headwater/testing/servers/process-stats.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { ensure } from "../ensure.ts";
import type { ScenarioRun } from "../scenario-run.ts";
import { dataFolderIn, type SeedFolder } from "../seed-folder.ts";
import { knownFlags } from "../server-flags.ts";
import { copyAttackFolder, NOTE, type Rows } from "./attack-folder.ts";
import { Attackers } from "./attackers.ts";
import { type Bounds, faultsOf, figuresOf } from "./figures.ts";

/** What attackers do, and what they may get for it. */
export interface Attack extends Bounds {
  /** Flags of the server, each followed by its value. */
  readonly args?: readonly string[];
  readonly rows?: Rows;
  /** One wave of the attack. It is repeated until enough was measured. */
  readonly wave: (scene: Scene) => Promise<void>;
}

/** Where an attack plays. */
export interface Scene {
  readonly url: string;
  readonly server: ServerProcess;
  readonly attackers: Attackers;
  readonly random: Random;
  readonly isShort: boolean;
  readonly seedFolder: SeedFolder;
}

const WARM_UP_MS = 400;
/** How long to measure the quiet server, and the least for the attack. */
const QUIET_MS = { short: 800, long: 2_000 };
const ATTACK_MS = { short: 1_500, long: 2_500 };
/** How long after the attack the server may still be busy with it. */
const CALM_MS = 8_000;

/** Attacks a server while a bystander uses it, and compares what the bystander measures with the quiet server. */
export async function playAttack(run: ScenarioRun, attack: Attack): Promise<void> {
  const { seedFolder, random, isShort } = run;
  const length = isShort ? "short" : "long";
  using folder = tempDir();
  await copyAttackFolder(seedFolder, attack.rows ?? {}, folder.path);
  const args = await knownFlags([...ARGS, ...(attack.args ?? [])], seedFolder.root);
  await using server = await startServer({ dir: dataFolderIn(folder.path), root: seedFolder.root, args });
  using bystander = await Bystander.start({ url: server.url, pid: server.pid, record: NOTE });
  const greeting = await server.stderr();
  await Bun.sleep(WARM_UP_MS);
  bystander.enter("quiet");
  await Bun.sleep(QUIET_MS[length]);
  bystander.enter("attack");
  const attackers = new Attackers(server.url);
  const scene = { url: server.url, server, attackers, random, isShort, seedFolder };
  const startedAt = performance.now();
  do await attack.wave(scene);
  while (performance.now() - startedAt < ATTACK_MS[length]);
  bystander.enter("after");
  const phases = await bystander.finish();
  run.figures = figuresOf(phases, attackers);
  run.compared(phases["attack"]!.latencies.event.count);
  const faults = [
    ...faultsOf(phases, attackers, attack, isShort),
    ...printedFaults((await server.stderr()).slice(greeting.length)),
    ...(await busyFaults(server)),
  ];
  ensure(faults.length === 0, faults.join("; "));
}

/** Guests come through a proxy, each from an address of its own. A query may take two seconds, not thirty. */
const ARGS = ["--trusted-proxy-header", "X-Forwarded-For", "--query-seconds", "2", "--subscribe-rate", "100000"];

const printedFaults = (printed: string): string[] =>
  printed.trim() === "" ? [] : [`the server printed ${JSON.stringify(printed.slice(0, 400))}`];

/** Nothing that an attacker began goes on after it has left. */
async function busyFaults({ pid }: ServerProcess): Promise<string[]> {
  const deadline = performance.now() + CALM_MS;
  for (;;) {
    const before = readStats(pid).cpuMicros;
    await Bun.sleep(500);
    const share = (readStats(pid).cpuMicros - before) / 500_000;
    if (share < 0.4) return [];
    if (performance.now() > deadline)
      return [`the server still uses ${share.toFixed(1)} cores ${CALM_MS / 1000} s later`];
  }
}

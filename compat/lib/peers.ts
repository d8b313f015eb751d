import { cpSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";
import { hasPocketBase, type ServerKind } from "@headwater/testing/servers/server-command.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { FIXTURE_DATA, type Fixture } from "../fixture/fixture.ts";
import type { Answer } from "./answer.ts";
import type { Options } from "./options.ts";
import { playScenario } from "./play.ts";
import { readRecording } from "./recordings.ts";
import type { Family, Scenario } from "./scenario.ts";

/** Something that answers scenarios: a server, or a recording. */
export interface Peer extends AsyncDisposable {
  /** Undefined if a recording lacks the scenario. */
  answer(scenario: Scenario): Promise<readonly Answer[] | undefined>;
}

export const usesPocketBase = ({ recorded }: Options): boolean => hasPocketBase && !recorded;

/** A server of its own, on its own copy of the fixture. */
async function startPeer(kind: ServerKind, fixture: Fixture): Promise<Peer> {
  const temp = tempDir();
  const dir = join(temp.path, "pb_data");
  cpSync(FIXTURE_DATA, dir, { recursive: true });
  const server = await startServer({ kind, dir });
  return {
    answer: (scenario) => playScenario(server.url, fixture, scenario),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      temp[Symbol.dispose]();
    },
  };
}

const NOTHING_TO_STOP = { [Symbol.asyncDispose]: async () => {} };

/** The servers of a run. Families that change nothing share theirs; each of the others gets a new one. */
export class Servers implements AsyncDisposable {
  readonly #shared = new Map<ServerKind, Peer>();

  constructor(
    readonly options: Options,
    readonly fixture: Fixture,
  ) {}

  /** Headwater, or the server that the options name. */
  async ours(family: Family): Promise<Peer> {
    const { against } = this.options;
    if (against === undefined) return this.#start("headwater", family);
    return { answer: (scenario) => playScenario(against, this.fixture, scenario), ...NOTHING_TO_STOP };
  }

  /** PocketBase, or its recorded answers. */
  async theirs(family: Family): Promise<Peer> {
    if (usesPocketBase(this.options)) return this.#start("pocketbase", family);
    const recording = await readRecording(family);
    return { answer: async ({ name }) => recording.get(name), ...NOTHING_TO_STOP };
  }

  async #start(kind: ServerKind, { onlyReads }: Family): Promise<Peer> {
    if (!onlyReads) return startPeer(kind, this.fixture);
    const shared = this.#shared.get(kind) ?? (await startPeer(kind, this.fixture));
    this.#shared.set(kind, shared);
    return { answer: (scenario) => shared.answer(scenario), ...NOTHING_TO_STOP };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#shared.values()].map((peer) => peer[Symbol.asyncDispose]()));
  }
}

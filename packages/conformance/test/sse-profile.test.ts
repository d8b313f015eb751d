import { expect, test } from "bun:test";
import { jsonSseProfile, type Report, runProfile } from "../src/index.ts";
import { type Faults, startSseServer } from "./broken/sse-server.ts";
import { BROKEN_SSE_SERVERS } from "./broken/sse-servers.ts";

async function judge(faults: Faults, untriggered = false): Promise<Report> {
  const { url, trigger, stop } = await startSseServer(faults);
  const target = { url, listenMs: 500, heartbeatMs: 500, ...(!untriggered && { trigger }) };
  try {
    return await runProfile(jsonSseProfile, target, { target: url, patienceMs: 2_000 });
  } finally {
    stop();
  }
}

const failuresOf = ({ results }: Report): Map<string, string> =>
  new Map(results.flatMap(({ name, outcome }) => (outcome.kind === "failed" ? [[name, outcome.reason]] : [])));

test.concurrent("a server as it should be is all green", async () => {
  const { results } = await judge({});
  expect(results.filter(({ outcome }) => outcome.kind !== "passed")).toEqual([]);
});

for (const { fault, faults, found, message, untriggered } of BROKEN_SSE_SERVERS) {
  test.concurrent(`a server that ${fault} is found out by “${found}”`, async () => {
    const failures = failuresOf(await judge(faults, untriggered));
    expect(failures.get(found)).toMatch(message);
  });
}

test.concurrent("a failure is told with what was heard, and when", async () => {
  const { results } = await judge({ replay: () => [] });
  const failed = results.find(({ name }) => name.startsWith("Last-Event-ID"))!.outcome;
  if (failed.kind !== "failed") throw new Error("it did not fail");
  const heard = failed.log.find(({ source, name }) => source === "first" && name === "tick");
  expect(heard?.summary).toMatch(/^\{"n":\d+\}$/);
  expect(heard?.offsetMs).toBeGreaterThanOrEqual(0);
});

test.concurrent("a server that is not there fails every case, and nothing hangs", async () => {
  const { url, stop } = await startSseServer();
  stop();
  const { results } = await runProfile(jsonSseProfile, { url }, { target: url });
  expect(results.length).toBe(jsonSseProfile.cases.length);
  for (const { outcome } of results) expect(outcome.kind === "failed" && outcome.reason).toMatch(/^setup: /);
});

test("every case has a fault that it finds", () => {
  const found = new Set(BROKEN_SSE_SERVERS.map((broken) => broken.found));
  expect(jsonSseProfile.cases.map(({ name }) => name).filter((name) => !found.has(name))).toEqual([]);
});

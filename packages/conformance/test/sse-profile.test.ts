import { expect, test } from "bun:test";
import { jsonSseProfile, type Report, runProfile } from "../src/index.ts";
import { type Faults, startSseServer } from "./broken/sse-server.ts";
import { BROKEN_SSE_SERVERS } from "./broken/sse-servers.ts";

async function runSseProfile(faults: Faults, untriggered = false): Promise<Report> {
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

test.concurrent("a correct server passes every case", async () => {
  const { results } = await runSseProfile({});
  expect(results.filter(({ outcome }) => outcome.kind !== "passed")).toEqual([]);
});

for (const { fault, faults, caughtBy, message, untriggered } of BROKEN_SSE_SERVERS) {
  test.concurrent(`a server that ${fault} is caught by “${caughtBy}”`, async () => {
    const failures = failuresOf(await runSseProfile(faults, untriggered));
    expect(failures.get(caughtBy)).toMatch(message);
  });
}

test.concurrent("a failure includes the events and their times", async () => {
  const { results } = await runSseProfile({ replay: () => [] });
  const failed = results.find(({ name }) => name.startsWith("Last-Event-ID"))!.outcome;
  if (failed.kind !== "failed") throw new Error("the case did not fail");
  const tick = failed.log.find(({ source, name }) => source === "first" && name === "tick");
  expect(tick?.summary).toMatch(/^\{"n":\d+\}$/);
  expect(tick?.offsetMs).toBeGreaterThanOrEqual(0);
});

test.concurrent("a server that is not running fails every case, and nothing hangs", async () => {
  const { url, stop } = await startSseServer();
  stop();
  const { results } = await runProfile(jsonSseProfile, { url }, { target: url });
  expect(results.length).toBe(jsonSseProfile.cases.length);
  for (const { outcome } of results) expect(outcome.kind === "failed" && outcome.reason).toMatch(/^setup: /);
});

test("every case catches a fault", () => {
  const caught = new Set(BROKEN_SSE_SERVERS.map((broken) => broken.caughtBy));
  expect(jsonSseProfile.cases.map(({ name }) => name).filter((name) => !caught.has(name))).toEqual([]);
});

import { expect, setDefaultTimeout, test } from "bun:test";
import { type SsePeerOptions, startSsePeer } from "../mutants/peers/sse-peer.ts";
import { jsonSseProfile, type Report, runProfile, type RunOptions } from "../src/index.ts";
import { Scope } from "../src/core/scope.ts";

setDefaultTimeout(60_000);

const clock = { heartbeatMs: 400, patienceMs: 2_000, listenMs: 400, settleMs: 150 };

async function runSseProfile(
  options: Partial<SsePeerOptions> = {},
  { only, bail, untriggered }: Partial<RunOptions> & { readonly untriggered?: true } = {},
): Promise<Report> {
  const scope = new Scope();
  const { url, trigger } = await startSsePeer(scope, { heartbeatMs: 200, ...options });
  const target = { url, ...(!untriggered && { trigger }) };
  try {
    return await runProfile(jsonSseProfile, target, { target: url, clock, only, bail });
  } finally {
    await scope.close();
  }
}

test.concurrent("a right server passes every case", async () => {
  const { results } = await runSseProfile();
  expect(results.filter(({ outcome }) => outcome.kind !== "passed")).toEqual([]);
});

test.concurrent("without a trigger, what can't be known is not offered", async () => {
  const { results } = await runSseProfile({}, { untriggered: true });
  expect(results.filter(({ outcome }) => outcome.kind === "failed")).toEqual([]);
  expect(results.filter(({ outcome }) => outcome.kind === "not-offered").length).toBeGreaterThan(2);
});

const MESSAGES: Readonly<Record<string, readonly [Partial<SsePeerOptions>, RegExp]>> = {
  "loses what comes during a replay": [{ faults: { duringReplay: "lost" } }, /"e\.6" is missing without notice/],
  "doubles live events after a replay": [{ faults: { duringReplay: "doubled" } }, /the id "e\.6" came twice/],
  "replays under another name": [
    { faults: { replayed: (frame) => ({ ...frame, event: "replay" }) } },
    /"e\.\d" is replay .*, and on the first connection it was tick/,
  ],
  "replays with other data": [
    { faults: { replayed: (frame) => ({ ...frame, data: '{"n":0}' }) } },
    /"e\.\d" is tick .*\\"n\\":0.*, and on the first connection it was/,
  ],
  "starts ids again": [{ faults: { idOf: (_, __, sent) => `e.${sent}` } }, /the id "e\.\d" came|came again|missing/],
  "stops its heartbeats": [{ faults: { beats: (count) => count <= 2 } }, /no byte arrived for 800 ms/],
};

for (const [fault, [options, message]] of Object.entries(MESSAGES))
  test.concurrent(`a server that ${fault} hears what is wrong`, async () => {
    const { results } = await runSseProfile(options);
    const reasons = results.flatMap(({ outcome }) => (outcome.kind === "failed" ? [outcome.reason] : []));
    expect(reasons.join("\n")).toMatch(message);
  });

test.concurrent("a failure has the events, their times and the bytes", async () => {
  const { results } = await runSseProfile({ faults: { replay: () => [] } }, { only: "Last-Event-ID replays" });
  const [failed] = results;
  if (failed?.outcome.kind !== "failed") throw new Error("the case did not fail");
  expect(failed.outcome.log.some(({ source, name }) => source === "replayed" && name === "200")).toBe(true);
  expect(failed.outcome.log.every(({ offsetMs }) => offsetMs >= 0)).toBe(true);
  expect(failed.outcome.bytes).toEqual([{ source: "replayed", text: expect.stringMatching(/^: ?hello\n\n/) }]);
});

test.concurrent("bail ends the run at the first failure", async () => {
  const whole = await runSseProfile({ headers: { "content-type": "text/plain" } });
  const { results } = await runSseProfile({ headers: { "content-type": "text/plain" } }, { bail: true });
  expect(results.map(({ outcome }) => outcome.kind)).toEqual(["passed", "failed"]);
  expect(whole.results.length).toBe(jsonSseProfile.cases.length);
});

test.concurrent("a server that is not running fails every case, and nothing hangs", async () => {
  const scope = new Scope();
  const { url } = await startSsePeer(scope, { heartbeatMs: 200 });
  await scope.close();
  const { results } = await runProfile(jsonSseProfile, { url }, { target: url, clock });
  expect(results.length).toBe(jsonSseProfile.cases.length);
  for (const { outcome } of results) expect(outcome.kind).toBe("failed");
});

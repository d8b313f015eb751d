import { expect, setDefaultTimeout, test } from "bun:test";
import { fileURLToPath } from "node:url";
import type { ClientDriver } from "../src/clients/driver.ts";
import { processDriver } from "../src/clients/process-driver.ts";
import { clientProfile } from "../src/clients/profile.ts";
import { inParallel } from "../src/core/in-parallel.ts";
import type { ClockOptions } from "../src/core/clock.ts";
import { type Report, runProfile, tally } from "../src/index.ts";
import { clientOf } from "../mutants/client/client.ts";
import { clientSuite } from "../mutants/profiles/client.ts";
import { mutate } from "../mutants/framework/run.ts";
import { headwaterClient } from "./peers/headwater-client.ts";
import { eventsource, parserOnFetch } from "./third-party.ts";

setDefaultTimeout(120_000);

const PATIENT: ClockOptions = { patienceMs: 20_000 };
const PROGRAM = `${process.execPath} ${fileURLToPath(new URL("fixtures/client-program.ts", import.meta.url))}`;

const runClientProfile = (driver: ClientDriver, only?: string, clock: ClockOptions = PATIENT): Promise<Report> =>
  runProfile(clientProfile, { driver }, { target: driver.name, clock, only });

const failuresOf = ({ results }: Report): Record<string, string> =>
  Object.fromEntries(
    results.flatMap(({ name, outcome }) => (outcome.kind === "failed" ? [[name, outcome.reason]] : [])),
  );

test.concurrent("a right client passes every case", async () => {
  const report = await runClientProfile(clientOf());
  expect(failuresOf(report)).toEqual({});
  expect(tally(report).passed).toBe(clientProfile.cases.length);
});

test.concurrent("a failure has the field, both values, and the bytes that the client was sent", async () => {
  const { results } = await runClientProfile(eventsource, "an id applies to later events");
  expect(results[0]?.outcome).toMatchObject({
    kind: "failed",
    reason: 'lastEventId of event 2 is "", expected "1"',
    bytes: [{ source: "response 1" }, { source: "response 2", text: expect.stringContaining("id:1\ndata:a\n\n") }],
  });
});

test.concurrent("the memory of a program is judged, and growth is a failure", async () => {
  const right = await runClientProfile(processDriver(PROGRAM, { reconnects: true, states: true }), "Memory");
  expect(failuresOf(right)).toEqual({});
  const leaking = processDriver(`${PROGRAM} --leaks`, { reconnects: true, states: true });
  expect(Object.keys(failuresOf(await runClientProfile(leaking, "Memory: comments")))).toHaveLength(1);
});

test.concurrent(
  "Headwater's own client reads as the standard says, and reconnects with a cursor of its own",
  async () => {
    const report = await runClientProfile(headwaterClient);
    const groups = report.results.flatMap(({ group, outcome }) => (outcome.kind === "failed" ? [group] : []));
    expect([...new Set(groups)]).toEqual(["Requests", "Reconnecting", "Statuses and types"]);
  },
);

test.concurrent("eventsource-parser on fetch is judged on one stream", async () => {
  const report = await runClientProfile(parserOnFetch);
  expect(Object.keys(failuresOf(report))).toEqual(["an id applies to later events until another id replaces it"]);
  expect(tally(report).passed).toBeGreaterThan(15);
});

test("right though odd clients are not refused", async () => {
  const { odd, refused } = await mutate(clientSuite, { width: 4, only: "no such mutant", seeds: [1, 2] });
  expect(odd.length).toBe(2);
  expect(refused).toEqual([]);
});

/** One client for each kind of fault; `npm run mutate` plays them all. */
const BROKEN = [
  "cuts the value of data at its second colon, on every",
  "keeps half an event over a reconnect, on every",
  "keeps an unfinished event's id over the second reconnect",
  "puts half a character before the next stream",
  "ends lines at U+2028, on later",
  "forgets its id at the second reconnect",
  "trims the start of event, on later",
  "takes digits before something else, on later",
  "reconnects after a response with the status 204, on later",
  "keeps all comments",
] as const;

test("a client is caught for each kind of fault", async () => {
  const chosen = BROKEN.map((name) => clientSuite.mutants.find(({ label }) => label.includes(name)));
  const caught: string[] = [];
  await inParallel(chosen.length, clientSuite.width, async (index) => {
    const result = await chosen[index]?.judge();
    if (result && result.caughtBy.length > 0) caught[index] = BROKEN[index]!;
  });
  expect(caught).toEqual([...BROKEN]);
});

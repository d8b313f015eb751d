import { expect, test } from "bun:test";
import type { ClientDriver } from "../src/clients/driver.ts";
import { clientProfile } from "../src/clients/profile.ts";
import { type Report, runProfile, tally } from "../src/index.ts";
import { smallClient } from "./broken/sse-client.ts";
import { BROKEN_CLIENTS } from "./broken/sse-clients.ts";
import { eventsource, parserOnFetch } from "./third-party.ts";

const runClientProfile = (driver: ClientDriver, only?: string): Promise<Report> =>
  runProfile(clientProfile, { driver }, { target: driver.name, patienceMs: 2_000, only });

const failuresOf = ({ results }: Report): Record<string, string> =>
  Object.fromEntries(
    results.flatMap(({ name, outcome }) => (outcome.kind === "failed" ? [[name, outcome.reason]] : [])),
  );

test.concurrent("a correct client passes every case", async () => {
  const report = await runClientProfile(smallClient());
  expect(failuresOf(report)).toEqual({});
  expect(tally(report).passed).toBe(clientProfile.cases.length);
});

for (const { fault, faults, caughtBy, message } of BROKEN_CLIENTS) {
  test.concurrent(`a client that ${fault} is caught by “${caughtBy}”`, async () => {
    expect(failuresOf(await runClientProfile(smallClient(faults), caughtBy))[caughtBy]).toMatch(message);
  });
}

test.concurrent("the package eventsource runs through every case", async () => {
  const report = await runClientProfile(eventsource);
  expect(report.results.length).toBe(clientProfile.cases.length);
  expect(Object.keys(failuresOf(report))).toContain("an id applies to later events until another id replaces it");
});

test.concurrent("eventsource-parser on fetch runs through every case, except those about reconnecting", async () => {
  const report = await runClientProfile(parserOnFetch);
  expect(tally(report)).toMatchObject({ "not-offered": 7 });
  expect(Object.keys(failuresOf(report))).toEqual(["an id applies to later events until another id replaces it"]);
});

test("every case catches a fault", () => {
  const caught = new Set(BROKEN_CLIENTS.map((broken) => broken.caughtBy));
  expect(clientProfile.cases.map(({ name }) => name).filter((name) => !caught.has(name))).toEqual([]);
});

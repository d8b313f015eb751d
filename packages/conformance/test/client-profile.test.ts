import { expect, test } from "bun:test";
import type { ClientDriver } from "../src/clients/driver.ts";
import { clientProfile } from "../src/clients/profile.ts";
import { type Report, runProfile, tally } from "../src/index.ts";
import { smallClient } from "./broken/sse-client.ts";
import { BROKEN_CLIENTS } from "./broken/sse-clients.ts";
import { eventsource, parserOnFetch } from "./third-party.ts";

const judge = (driver: ClientDriver, only?: string): Promise<Report> =>
  runProfile(clientProfile, { driver }, { target: driver.name, patienceMs: 2_000, only });

const failuresOf = ({ results }: Report): Record<string, string> =>
  Object.fromEntries(
    results.flatMap(({ name, outcome }) => (outcome.kind === "failed" ? [[name, outcome.reason]] : [])),
  );

test.concurrent("a client as it should be is all green", async () => {
  const report = await judge(smallClient());
  expect(failuresOf(report)).toEqual({});
  expect(tally(report).passed).toBe(clientProfile.cases.length);
});

for (const { fault, faults, found, message } of BROKEN_CLIENTS) {
  test.concurrent(`a client that ${fault} is found out by “${found}”`, async () => {
    expect(failuresOf(await judge(smallClient(faults), found))[found]).toMatch(message);
  });
}

test.concurrent("the package eventsource is judged to the end", async () => {
  const report = await judge(eventsource);
  expect(report.results.length).toBe(clientProfile.cases.length);
  expect(Object.keys(failuresOf(report))).toContain("an id counts for the events after it too, until there is another");
});

test.concurrent("eventsource-parser on fetch is judged to the end, and not for what it leaves to others", async () => {
  const report = await judge(parserOnFetch);
  expect(tally(report)).toMatchObject({ "not-offered": 7 });
  expect(Object.keys(failuresOf(report))).toEqual(["an id counts for the events after it too, until there is another"]);
});

test("every case has a fault that it finds", () => {
  const found = new Set(BROKEN_CLIENTS.map((broken) => broken.found));
  expect(clientProfile.cases.map(({ name }) => name).filter((name) => !found.has(name))).toEqual([]);
});

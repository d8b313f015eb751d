import { check, notOffered, show } from "../../core/checks.ts";
import { pause, within } from "../../core/deadline.ts";
import { type ClientCase, clientCase, FIRST_STREAM, OPEN_STREAM, scriptCase } from "./client-case.ts";
import { waitFor } from "../wait.ts";

const group = "States and closing";
const states = { states: true } as const;

export const stateCases: readonly ClientCase[] = [
  scriptCase(
    { group, rule: "states", name: "it is connecting, then open, and connecting again after each stream" },
    [FIRST_STREAM, { breaks: "after the last chunk" }, { breaks: "before the response" }, OPEN_STREAM],
    states,
  ),
  scriptCase(
    { group, rule: "stateClosed", name: "it is closed after a response that is no stream" },
    [FIRST_STREAM, { status: 503 }],
    states,
  ),
  clientCase({ group, rule: "close", name: "closing it closes the connection" }, async ({ start }, scope) => {
    const { events, requests, close } = await start(scope, [OPEN_STREAM, OPEN_STREAM]);
    await waitFor(events, ({ length }) => length > 0, scope, "an event");
    await close();
    await within(requests.items[0]!.closed, scope.patienceMs, "the end of the connection");
    await pause(scope.clock.settleMs);
    check(requests.items.length === 1, "the client was closed, but reconnects");
  }),
  clientCase(
    { group, rule: "close", name: "closing it while it waits to reconnect ends the wait" },
    async ({ start, driver }, scope) => {
      if (!driver.reconnects) notOffered(`${driver.name} does not wait to reconnect`);
      const { requests, events, close } = await start(scope, [{ chunks: ["retry:1000\ndata:a\n\n"] }, OPEN_STREAM]);
      await waitFor(events, ({ length }) => length > 0, scope, "an event");
      await requests.items[0]!.done;
      await pause(60);
      await close();
      const { length: before } = requests.items;
      await pause(1_000 + scope.clock.settleMs);
      check(requests.items.length === before, "the client was closed while it waited, and reconnects");
    },
  ),
  clientCase(
    { group, rule: "closedIsSilent", name: "no event is dispatched after it is closed" },
    async ({ start, driver }, scope) => {
      if (!driver.closesAtOnce) notOffered(`${driver.name} can't be closed while it handles an event`);
      const chunks = ["data:a\n\ndata:b\n\ndata:c\n\n"];
      const { events, requests } = await start(scope, [{ chunks, staysOpen: true }], {
        onEvent: (_, client) => void client.close(),
      });
      await waitFor(events, ({ length }) => length > 0, scope, "an event");
      await requests.items[0]!.done;
      await pause(scope.clock.settleMs);
      check(events.items.length === 1, `it was closed at the first event, and dispatches ${show(events.items)}`);
    },
  ),
];

import fc from "fast-check";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { area } from "../lib/area.ts";
import { anyText, encode, mutated } from "../lib/texts.ts";
import { within } from "../lib/within.ts";

/** How a cursor is made of a real one, in which `CURSOR` stands. */
const cursorText = fc.oneof(
  mutated(fc.constantFrom("CURSOR", "CURSOR", "CURSOR.CURSOR", "CURSOR0", "x.0", "0000000000.0", ".", "1")),
  anyText,
);

/** Cursors that nobody issued, in each place that takes one. */
export const cursors = area(
  "cursors",
  fc.record({ text: cursorText, edit: fc.nat(60), place: fc.constantFrom("header", "query", "body", "edit") }),
  async (world, { text, edit, place }) => {
    const real = await world.cursor();
    const cursor = place === "edit" ? changedAt(real, edit) : text.replaceAll("CURSOR", real);
    if (place === "query") {
      await openWith(world.url, {}, `?since=${encode(cursor)}`);
    } else if (place === "header" || place === "edit") {
      // A header holds only printable ASCII.
      await openWith(world.url, { "Last-Event-ID": cursor.replaceAll(/[^\x21-\x7e]/g, "?") }, "");
    } else {
      const body = JSON.stringify({ clientId: await world.clientId(), subscriptions: ["notes/*"], since: cursor });
      await world.send({ method: "POST", path: "/api/realtime", body });
    }
  },
);

const changedAt = (cursor: string, at: number): string => {
  const place = at % Math.max(1, cursor.length);
  return `${cursor.slice(0, place)}${cursor[place] === "1" ? "2" : "1"}${cursor.slice(place + 1)}`;
};

async function openWith(url: string, headers: Record<string, string>, query: string): Promise<void> {
  let client: SseClient | undefined;
  try {
    client = await within(SseClient.connect(url, headers, query), "a stream, or its refusal");
  } catch (error) {
    // A cursor that is none is refused.
    if (!(error instanceof Error) || !/ 4\d\d /.test(error.message)) throw error;
    return;
  }
  await within(client.submit(["notes/*", "things/*"]), "the answer to a subscription");
  client.close();
}

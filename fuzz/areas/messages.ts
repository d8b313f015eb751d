import fc from "fast-check";
import { SocketClient } from "@headwater/testing/clients/socket-client.ts";
import { area } from "../lib/area.ts";
import { expandText, fieldsText, filterText } from "../lib/filter-grammar.ts";
import { anyText, mutated } from "../lib/texts.ts";
import { anyValue } from "../lib/value-grammar.ts";
import { Violation } from "../lib/violation.ts";
import { within } from "../lib/within.ts";
import { topicText } from "./realtime.ts";

const pattern = topicText.map((topic) => topic.replace("/", "."));
const message = fc.oneof(
  fc.record(
    {
      type: fc.constantFrom("subscribe", "unsubscribe", "auth", "sync", "ping", "x"),
      pattern: fc.oneof(pattern, fc.array(pattern, { maxLength: 4 }), anyValue),
      since: anyText,
      filter: fc.oneof(filterText, anyValue),
      fields: fieldsText,
      expand: expandText,
      transitions: fc.constantFrom("enter-leave", "create-delete", "x"),
      query: fc.dictionary(anyText, anyText, { maxKeys: 2 }),
      headers: anyValue,
      presence: anyValue,
      token: anyText,
      on: anyValue,
      id: fc.oneof(anyText, anyValue),
    },
    { requiredKeys: ["type"] },
  ),
  anyValue,
);

/** Messages on a WebSocket. Whatever they are, a ping after them is answered. */
export const messages = area(
  "messages",
  fc.array(mutated(message.map((value) => JSON.stringify(value) ?? "")), { minLength: 1, maxLength: 6 }),
  async (world, texts) => {
    using client = await SocketClient.connect(world.url);
    for (const text of texts) client.sendText(text);
    try {
      await within(client.request({ type: "ping" }), "the answer to a ping after odd messages");
    } catch (error) {
      // A connection may be closed for what was sent, but not without a close frame.
      if (!client.isOver || (await client.closed).code === 1006) throw new Violation(String(error));
    }
  },
);

import { expect, test } from "bun:test";
import { splitLines } from "@headwater/testing/lib/line-breaking-texts.ts";
import * as fc from "fast-check";
import { encodeClose, encodeCorrelated } from "./event-stream-encoding.ts";

test("any JSON arrives as it was, however the reader splits lines", () => {
  const texts = fc.string({
    unit: fc.constantFrom("\u0085", "\u2028", "\u2029", "\r", "\n", "\v", "\\", '"', "é", "a"),
  });
  const values = fc.oneof(fc.jsonValue({ stringUnit: "binary" }), texts, fc.dictionary(texts, texts));
  fc.assert(
    fc.property(values, (value) => {
      const [head, data = "", ...rest] = splitLines(encodeCorrelated("corr", "task_event", { value }));
      expect(head).toBe("event: task_event");
      expect(JSON.parse(data.slice("data: ".length))).toEqual({
        value: JSON.parse(JSON.stringify(value)),
        correlation_id: "corr",
      });
      expect(rest).toEqual(["", ""]);
    }),
  );
});

test("an event has a space after each colon and comma, and the correlation id at its end", () => {
  expect(encodeClose("corr", "done", "a.1")).toBe(
    'id: a.1\nevent: connection_close\ndata: {"reason": "done", "correlation_id": "corr"}\n\n',
  );
});

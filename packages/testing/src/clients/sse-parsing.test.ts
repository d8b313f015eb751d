import { expect, test } from "bun:test";
import { array, assert, integer, property, string, uint8Array } from "fast-check";
import { ChunkedDecoder } from "./chunked-decoder.ts";
import { EventSplitter, parseEvent } from "./event-splitter.ts";

const cuts = array(integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });

/** The bytes in pieces of the given sizes, in a cycle. */
function* pieces(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const chunk = (data: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from("\r\n")]);

test("the decoder yields the bytes of all chunks, wherever the network splits them", () => {
  const chunks = array(uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 8 });
  assert(
    property(chunks, cuts, (parts, sizes) => {
      const decoder = new ChunkedDecoder();
      const decoded: Buffer[] = [];
      const sent = Buffer.concat([...parts.map(chunk), chunk(new Uint8Array())]);
      for (const piece of pieces(sent, sizes)) decoder.feed(piece, (data) => decoded.push(Buffer.from(data)));
      expect(Buffer.concat(decoded)).toEqual(Buffer.concat(parts));
      expect(decoder.ended).toBe(true);
    }),
  );
});

test("the splitter yields whole events, wherever the network splits them", () => {
  assert(
    property(array(string({ unit: "grapheme" }), { maxLength: 8 }), cuts, (texts, sizes) => {
      const splitter = new EventSplitter();
      const seen: unknown[] = [];
      const sent = texts
        .map((text, index) => `id:${index}\nevent:notes/*\ndata:${JSON.stringify(text)}\n\n:\n\n`)
        .join("");
      for (const piece of pieces(Buffer.from(sent), sizes))
        splitter.feed(piece, (block) => seen.push(parseEvent(block)));
      const expected = texts.flatMap((text, index) => [
        { id: String(index), event: "notes/*", data: JSON.stringify(text) },
        undefined,
      ]);
      expect(seen).toEqual(expected);
    }),
  );
});

import { expect, test } from "bun:test";
import { isAllowedType } from "./mime-type.ts";
import { sniff } from "./sniff.ts";

const PNG = Uint8Array.fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
);

test.each([
  ["png", PNG, "image/png", ".png"],
  ["pdf", "%PDF-1.4\n", "application/pdf", ".pdf"],
  ["svg", '<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml", ".svg"],
  ["svg with a declaration", '<?xml version="1.0"?>\n<!-- x --><svg/>', "image/svg+xml", ".svg"],
  ["xml", '<?xml version="1.0"?><a/>', "text/xml; charset=utf-8", ".xml"],
  ["html", "<!DOCTYPE html><p>x</p>", "text/html; charset=utf-8", ".html"],
  ["json", '{"a":[1,2]}', "application/json", ".json"],
  ["csv", 'a,b\n1,"2,3"\n', "text/csv", ".csv"],
  ["geojson", '{"type":"FeatureCollection"}', "application/geo+json", ".geojson"],
  ["json lines", '{"a":1}\n{"b":2}\n', "application/x-ndjson", ".ndjson"],
  ["a comment first", "<!-- x --><svg/>", "text/html; charset=utf-8", ".html"],
  ["a shell script", "#!/bin/sh\necho", "text/x-shellscript", ".sh"],
  ["text", "hello, world", "text/plain; charset=utf-8", ".txt"],
  ["utf-8 text", "čau světe", "text/plain; charset=utf-8", ".txt"],
  ["latin text", new Uint8Array([0x63, 0xe9, 0x20, 0x61]), "text/plain; charset=iso-8859-1", ".txt"],
  ["windows text", new Uint8Array([0x93, 0x61, 0x94]), "text/plain", ".txt"],
  ["nothing", "", "text/plain", ".txt"],
  ["other bytes", new Uint8Array([0, 1, 2, 3]), "application/octet-stream", ""],
])("%s is recognised by its content", async (_name, content, contentType, extension) => {
  expect(await sniff(new Blob([content]))).toEqual({ contentType, extension });
});

test.each([
  ["text/plain; charset=utf-8", ["text/plain"], true],
  ["text/xml; charset=utf-8", ["application/xml"], true],
  ["audio/mpeg", ["audio/mp3"], true],
  ["image/png", ["image/jpeg", "image/svg+xml"], false],
])("%s is one of %p: %p", (type, allowed, expected) => {
  expect(isAllowedType(type, allowed)).toBe(expected);
});

test("many files that are sniffed at once let others have their turns", async () => {
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  await Promise.all(Array.from({ length: 500 }, (_, i) => sniff(new Blob([`text ${i}`]))));
  isDone = true;
  expect(turns).toBeGreaterThan(3);
});

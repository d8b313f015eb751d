import { expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import { compressedJson } from "./compressed-json.ts";

const LONG = JSON.stringify("x".repeat(5_000));
const answer = (text: string, accepted?: string): Promise<Response> =>
  compressedJson(
    new Request("http://localhost", accepted === undefined ? {} : { headers: { "Accept-Encoding": accepted } }),
    text,
  );

test.each(["gzip", "deflate, gzip;q=0.5", "br, GZIP", "*", "gzip;q=1.0, *;q=0"])(
  "%s takes it compressed",
  async (accepted) => {
    const { headers, ...response } = await answer(LONG, accepted).then(async (found) => ({
      headers: found.headers,
      bytes: await found.bytes(),
    }));
    expect(headers.get("content-encoding")).toBe("gzip");
    expect(headers.get("vary")).toBe("Accept-Encoding");
    expect(gunzipSync(response.bytes).toString()).toBe(LONG);
  },
);

test.each([undefined, "", "br", "gzip;q=0", "gzip; q=0.000", "x-gzipped"])("%s does not", async (accepted) => {
  const response = await answer(LONG, accepted);
  expect(response.headers.get("content-encoding")).toBeNull();
  expect(await response.text()).toBe(LONG);
});

test("what is short stays as it is", async () => {
  expect((await answer('"short"', "gzip")).headers.get("content-encoding")).toBeNull();
});

import { expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import { compressedJson } from "./compressed-json.ts";

const LONG = JSON.stringify("x".repeat(5_000));
const respond = (text: string, accepted?: string): Promise<Response> =>
  compressedJson(
    new Request("http://localhost", accepted === undefined ? {} : { headers: { "Accept-Encoding": accepted } }),
    text,
  );

test.each(["gzip", "deflate, gzip;q=0.5", "br, GZIP", "*", "gzip;q=1.0, *;q=0"])(
  "a client that accepts %s gets gzip",
  async (accepted) => {
    const { headers, ...response } = await respond(LONG, accepted).then(async (found) => ({
      headers: found.headers,
      bytes: await found.bytes(),
    }));
    expect(headers.get("content-encoding")).toBe("gzip");
    expect(headers.get("vary")).toBe("Accept-Encoding");
    expect(gunzipSync(response.bytes).toString()).toBe(LONG);
  },
);

test.each([undefined, "", "br", "gzip;q=0", "gzip; q=0.000", "x-gzipped"])(
  "a client that accepts %s gets no gzip",
  async (accepted) => {
    const response = await respond(LONG, accepted);
    expect(response.headers.get("content-encoding")).toBeNull();
    expect(await response.text()).toBe(LONG);
  },
);

test("a short body is not compressed", async () => {
  expect((await respond('"short"', "gzip")).headers.get("content-encoding")).toBeNull();
});

import fc from "fast-check";
import { RawConnection } from "@headwater/testing/clients/raw-connection.ts";
import { area } from "../lib/area.ts";
import { anyText, mutated } from "../lib/texts.ts";
import { Violation } from "../lib/violation.ts";
import { within } from "../lib/within.ts";

const method = fc.constantFrom("GET", "GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "get", "X");
const segment = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "api",
      "collections",
      "things",
      "notes",
      "records",
      "realtime",
      "files",
      "tasks",
      "health",
      "..",
      "%2e%2e",
      "%00",
      "%",
      "%zz",
    ),
  },
  anyText.map((text) => encodeURI(text.toWellFormed())),
);
const path = fc.oneof(
  fc.array(segment, { maxLength: 7 }).map((parts) => `/${parts.join("/")}`),
  fc.constantFrom(
    "/api/health",
    "/api/collections/things/records?filter=%",
    "/api/files/things/x/y?token=%00",
    "*",
    "http://other/api/health",
  ),
);
const header = fc.oneof(
  fc.constantFrom(
    "host: localhost",
    "authorization: Bearer",
    "authorization: a.b.c",
    "authorization: eyJhbGciOiJub25lIn0.e30.",
    "content-type: multipart/form-data",
    "content-length: 5",
    "content-length: -1",
    "transfer-encoding: chunked",
    "range: bytes=0-,5-1",
    "if-none-match: *",
    "accept-encoding: gzip;q=x",
    "origin: null",
    "x-forwarded-for: ,,::ffff:1.2.3.4,%",
    "x-request-id: \u0001",
    "expect: 100-continue",
    "upgrade: websocket",
    "connection: upgrade",
    "sec-websocket-key: x",
    "sec-websocket-version: 8",
    "sec-websocket-protocol: headwater, token.x",
    "cookie: pb_auth=%",
    "last-event-id: \t",
  ),
  fc.tuple(anyText, anyText).map(([name, value]) => `${name}: ${value}`),
);

/** Heads that are sent to the socket as they are. One that is complete is answered, or its connection closed. */
export const http = area(
  "http",
  fc.record({
    head: mutated(
      fc
        .tuple(
          method,
          path,
          fc.constantFrom("HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", ""),
          fc.array(header, { maxLength: 6 }),
        )
        .map(([verb, target, version, headers]) => [`${verb} ${target} ${version}`, ...headers].join("\r\n")),
    ),
    body: fc.constantFrom("", "hello", "5\r\nhello\r\n0\r\n\r\n", "{}"),
  }),
  async (world, { head, body }) => {
    using connection = await RawConnection.open(world.url);
    connection.write(`${head}\r\n\r\n${body}`);
    // The server may wait for a body that was announced, or stream: a second request on the connection is not expected.
    const answer = await Promise.race([connection.response(), Bun.sleep(30)]);
    if (answer && answer.status >= 500 && answer.status !== 501 && answer.status !== 503 && answer.status !== 505) {
      throw new Violation(`${JSON.stringify(head)} was answered with ${answer.status} ${answer.body.slice(0, 300)}`);
    }
    if (!(await within(world.isUp(), "a health check")))
      throw new Violation(`the server went down at ${JSON.stringify(head)}`);
  },
);

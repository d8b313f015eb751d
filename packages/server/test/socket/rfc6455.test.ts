import { describe, expect, test } from "bun:test";
import { RawConnection } from "@headwater/testing/clients/raw-connection.ts";
import { RawSocket, SAMPLE_ACCEPT, SAMPLE_KEY } from "@headwater/testing/clients/raw-socket.ts";
import { closePayload, encodeFrame, OP } from "@headwater/testing/clients/socket-frames.ts";
import { useSocketServer } from "./socket-server.ts";

const server = useSocketServer();

const PING = '{"type":"ping","id":"é"}';
const middle = 16;

describe("the handshake", () => {
  test("returns the hash of the key (section 4.2.2)", async () => {
    const { raw } = await server.connect();
    expect(raw.head).toMatch(/^upgrade: websocket\r?$/im);
    expect(raw.head).toMatch(/^connection: upgrade\r?$/im);
    expect(raw.head).toContain(`Sec-WebSocket-Accept: ${SAMPLE_ACCEPT}`);
  });

  test.each([
    ["without Upgrade", {}, 426],
    [
      "of another version",
      { upgrade: "websocket", connection: "Upgrade", "sec-websocket-version": "8", "sec-websocket-key": SAMPLE_KEY },
      426,
    ],
    ["without a key", { upgrade: "websocket", connection: "Upgrade", "sec-websocket-version": "13" }, 426],
  ])("%s is refused with the supported version (section 4.4)", async (_, headers, status) => {
    using connection = await RawConnection.open(server.url);
    const fields = Object.entries({ host: "localhost", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    connection.write(`GET /realtime/subscribe HTTP/1.1\r\n${fields.join("")}\r\n`);
    const response = await connection.response();
    expect(response?.status).toBe(status);
    expect(response?.head).toMatch(/^sec-websocket-version: 13\r?$/im);
  });
});

describe("messages", () => {
  test("in fragments are reassembled, even if split inside a character (section 5.4)", async () => {
    const client = await server.connect();
    const bytes = Buffer.from(PING);
    for (let at = 0; at <= bytes.length; at += 1) {
      client.raw.send(encodeFrame(OP.text, bytes.subarray(0, at), { isLast: false }));
      client.raw.send(encodeFrame(OP.continuation, bytes.subarray(at)));
    }
    await client.inbox.until(() => client.all("pong").length === bytes.length + 1);
    expect(new Set(client.all("pong").map(({ id }) => id))).toEqual(new Set(["é"]));
  });

  test("one byte at a time arrive whole", async () => {
    const client = await server.connect();
    for (const byte of encodeFrame(OP.text, PING)) {
      client.raw.send(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    await client.inbox.until(() => client.all("pong").length === 1);
  });

  test("may have control frames between their fragments, which get immediate replies (section 5.4)", async () => {
    const frames: { opcode: number; payload: Buffer }[] = [];
    const pong = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const raw = await RawSocket.open(`${server.url}/realtime/subscribe`, {
      onFrame: (frame) => {
        frames.push({ ...frame, payload: Buffer.from(frame.payload) });
        if (frame.opcode === OP.pong) pong.resolve();
        if (frame.payload.includes('"pong"')) answer.resolve();
      },
    });
    raw.send(encodeFrame(OP.text, PING.slice(0, middle), { isLast: false }));
    raw.send(encodeFrame(OP.ping, "are you there?"));
    await pong.promise;
    raw.send(encodeFrame(OP.pong, "unasked"));
    raw.send(encodeFrame(OP.continuation, PING.slice(middle)));
    await answer.promise;
    expect(frames.find(({ opcode }) => opcode === OP.pong)!.payload.toString()).toBe("are you there?");
    raw.close();
  });

  test("of the maximum length arrive in one frame and in a thousand", async () => {
    const client = await server.connect();
    const text = PING.padEnd(65_535);
    client.sendText(text);
    const bytes = Buffer.from(text);
    const step = Math.ceil(bytes.length / 1_000);
    for (let at = 0; at < bytes.length; at += step) {
      const isLast = at + step >= bytes.length;
      client.raw.send(encodeFrame(at === 0 ? OP.text : OP.continuation, bytes.subarray(at, at + step), { isLast }));
    }
    await client.inbox.until(() => client.all("pong").length === 2);
  });
});

describe("a protocol violation closes the connection with the right code", () => {
  const text = Buffer.from(PING);
  const halves = [text.subarray(0, middle), text.subarray(middle)] as const;
  const invalid = Buffer.from([0x7b, 0xc3, 0x28, 0x7d]);
  test.each<[string, number, readonly Uint8Array[]]>([
    ["a frame without a mask (5.1)", 1002, [encodeFrame(OP.text, PING, { isMasked: false })]],
    ["a control frame without a mask (5.1)", 1002, [encodeFrame(OP.ping, "", { isMasked: false })]],
    ["the first reserved bit (5.2)", 1002, [encodeFrame(OP.text, PING, { reserved: 4 })]],
    ["the second reserved bit (5.2)", 1002, [encodeFrame(OP.text, PING, { reserved: 2 })]],
    ["the third reserved bit (5.2)", 1002, [encodeFrame(OP.text, PING, { reserved: 1 })]],
    ["a reserved bit on a control frame (5.2)", 1002, [encodeFrame(OP.ping, "", { reserved: 4 })]],
    ["an opcode that is reserved for data (5.2)", 1002, [encodeFrame(3, PING)]],
    ["the last opcode that is reserved for data (5.2)", 1002, [encodeFrame(7, PING)]],
    ["an opcode that is reserved for control (5.2)", 1002, [encodeFrame(11, "")]],
    ["the last opcode that is reserved for control (5.2)", 1002, [encodeFrame(15, "")]],
    ["a control frame in fragments (5.5)", 1002, [encodeFrame(OP.ping, "", { isLast: false })]],
    ["a control frame of 126 bytes (5.5)", 1002, [encodeFrame(OP.ping, "x".repeat(126))]],
    ["a close frame of 126 bytes (5.5)", 1002, [encodeFrame(OP.close, closePayload(1000, "x".repeat(124)))]],
    ["a continuation of nothing (5.4)", 1002, [encodeFrame(OP.continuation, PING)]],
    [
      "a new message inside another (5.4)",
      1002,
      [encodeFrame(OP.text, halves[0], { isLast: false }), encodeFrame(OP.text, halves[1])],
    ],
    ["a text that is not UTF-8 (8.1)", 1007, [encodeFrame(OP.text, invalid)]],
    ["a surrogate in UTF-8 (8.1)", 1007, [encodeFrame(OP.text, Buffer.from([0xed, 0xa0, 0x80]))]],
    ["an overlong form in UTF-8 (8.1)", 1007, [encodeFrame(OP.text, Buffer.from([0xc0, 0xaf]))]],
    ["a text that ends inside a character (8.1)", 1007, [encodeFrame(OP.text, text.subarray(0, text.indexOf(0xa9)))]],
    [
      "a text in fragments that is not UTF-8 (8.1)",
      1007,
      [
        encodeFrame(OP.text, invalid.subarray(0, 2), { isLast: false }),
        encodeFrame(OP.continuation, invalid.subarray(2)),
      ],
    ],
    ["a close frame of one byte (5.5.1)", 1002, [encodeFrame(OP.close, Buffer.from([3]))]],
    [
      "a close reason that is not UTF-8 (5.5.1)",
      1007,
      [encodeFrame(OP.close, Buffer.concat([closePayload(1000), invalid]))],
    ],
    ["a message of 256 KiB and a byte", 1009, [encodeFrame(OP.text, "x".repeat((256 << 10) + 1))]],
    ["a frame that claims 2^62 bytes", 1009, [encodeFrame(OP.text, PING, { claimed: 2n ** 62n })]],
    [
      "fragments that come to more than 256 KiB",
      1009,
      [encodeFrame(OP.text, "x".repeat(200_000), { isLast: false }), encodeFrame(OP.continuation, "x".repeat(200_000))],
    ],
  ])("%s: %d", async (_, code, frames) => {
    const client = await server.connect();
    await client.subscribe("notes.*");
    for (const frame of frames) client.raw.send(frame);
    const closing = await client.closed;
    // A peer that is still writing may lose the close frame, but the connection is closed in any case.
    if (code !== 1009 || closing.code !== 1006) expect(closing.code).toBe(code);
    await server.untilGone(client);
  });
});

describe("the reply to a close frame has the same code (section 5.5.1)", () => {
  const GOOD = [1000, 1001, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
  const BAD = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535];

  test.each(GOOD)("%d, which clients may send", async (code) => {
    const client = await server.connect();
    client.raw.send(encodeFrame(OP.close, closePayload(code, "bye ü")));
    expect((await client.closed).code).toBe(code);
    await server.untilGone(client);
  });

  test.each(BAD)("except for %d, which clients may not send: 1002 (section 7.4)", async (code) => {
    const client = await server.connect();
    client.raw.send(encodeFrame(OP.close, closePayload(code)));
    expect((await client.closed).code).toBe(1002);
    await server.untilGone(client);
  });

  test("no code for a close frame without a code", async () => {
    const client = await server.connect();
    client.raw.send(encodeFrame(OP.close, closePayload()));
    expect((await client.closed).code).toBe(1005);
  });

  test("data after a close frame is ignored", async () => {
    const client = await server.connect();
    client.raw.send(Buffer.concat([encodeFrame(OP.close, closePayload(1000)), encodeFrame(OP.text, PING)]));
    expect((await client.closed).code).toBe(1000);
    expect(client.all("pong")).toEqual([]);
  });
});

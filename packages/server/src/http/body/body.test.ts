import { describe, expect, test } from "bun:test";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { z } from "zod";
import { Spool } from "../../files/spool.ts";
import { ApiError } from "../../lib/api-error.ts";
import { JsonLimitError } from "../../lib/json/json-scanner.ts";
import { type Body, hasBody, NO_BODY, readBody } from "./body.ts";
import { BodyFiles } from "./body-files.ts";
import { BodyMemory } from "./body-memory.ts";
import { parseValues, readValues } from "./body-values.ts";
import { formInteger, formText, formTexts } from "./form-values.ts";

const LIMIT = 1_000_000;
const LIMITS = { depth: 10_000, keys: 100, items: 200 };
const memory = new BodyMemory(
  { total: 0, perClient: 0 },
  () => undefined,
  () => {},
);
const files = new BodyFiles(new Spool(testDir()), { total: 0, perClient: 0 }, () => {});

type Content = string | FormData | Blob | Uint8Array<ArrayBuffer> | ReadableStream;

async function read(content: Content | undefined, contentType?: string, query = "", limits = LIMITS): Promise<Body> {
  const url = new URL(`http://localhost/${query}`);
  const headers = contentType === undefined ? {} : { "Content-Type": contentType };
  const raw = new Request(url.href, { method: "POST", headers, ...(content === undefined ? {} : { body: content }) });
  return hasBody(raw)
    ? readBody({ raw, limit: LIMIT, held: memory.open(""), files, maxFileBytes: () => Infinity }, url, limits)
    : NO_BODY;
}

const nested = (depth: number): string => `{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`;

const endless = (chunk: number): ReadableStream =>
  new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(chunk).fill(0x20)) });

/** The error of a failed read. */
const refusal = (reading: Promise<unknown>): Promise<unknown> =>
  reading.then(
    () => undefined,
    (error: unknown) => error,
  );

const form = (...entries: [string, string | File][]): FormData => {
  const data = new FormData();
  for (const [name, value] of entries) data.append(name, value);
  return data;
};

describe("values without a shape", () => {
  const json = "application/json; charset=utf-8";
  const urlEncoded = "application/x-www-form-urlencoded";

  test("are empty without a body, whatever the content type", async () => {
    expect(readValues(await read(undefined, "text/plain"))).toEqual({});
  });

  test("are kept as they are from JSON", async () => {
    expect(readValues(await read('{"a":"1","b":[true,null],"__proto__":{"x":1}}', json))).toEqual(
      JSON.parse('{"a":"1","b":[true,null],"__proto__":{"x":1}}'),
    );
    expect(readValues(await read("null", json))).toEqual({});
  });

  test.each(['{"a":', "[]", '"a"', "1", "", "true {}", "[]{}", "}{}", "{]", "\u{feff}{}"])(
    "%p is not a JSON object",
    async (text) => {
      expect(await refusal(read(new Blob([text]), json).then(readValues))).toBeInstanceOf(Error);
    },
  );

  test.each([" x", "}", "{", ',"', '{"a":2,"a":2}', "\0", "\u{feff}", String.raw`"\ud800"`, "[".repeat(20_000)])(
    "what follows the first value is ignored: %j",
    async (rest) => {
      expect(readValues(await read(`{"a":[{}]}${rest}`, json))).toEqual({ a: [{}] });
      expect(readValues(await read(` null${rest.slice(0, 1)}`, json))).toEqual({});
    },
  );

  test("what follows is ignored in other chunks too, and if it is not UTF-8", async () => {
    const bytes = new Uint8Array([...new TextEncoder().encode(' {"a":"}"}'), 0xff, 0x22]);
    for (const size of [1, 3, 100]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
        bytes.slice(n * size, (n + 1) * size),
      );
      const body = new ReadableStream({
        start(controller) {
          for (const chunk of chunks) controller.enqueue(chunk);
          controller.close();
        },
      });
      expect(readValues(await read(body, json))).toEqual({ a: "}" });
    }
    expect(readValues(await read(bytes, json))).toEqual({ a: "}" });
  });

  test("text that is not UTF-8 is refused", async () => {
    expect(await refusal(read(new Uint8Array([0x22, 0xff, 0x22]), json))).toBeInstanceOf(Error);
  });

  test("nesting is limited as in Go, and brackets in strings don't count", async () => {
    const deep = { ...LIMITS, items: 0 };
    const post = (text: string) => read(text, json, "", deep);
    expect(await refusal(post(nested(10_000)))).toEqual(new JsonLimitError("depth"));
    expect((await post(nested(9_999))).kind).toBe("json");
    expect((await post(JSON.stringify({ a: `\\"${"[".repeat(20_000)}` }))).kind).toBe("json");
  });

  test("keys and items are limited, in a form's JSON too", async () => {
    const keys = JSON.stringify(Object.fromEntries(Array.from({ length: 101 }, (_, n) => [n, 0])));
    const items = JSON.stringify({ a: Array<number>(201).fill(0) });
    for (const [text, limit] of [
      [keys, "keys"],
      [items, "items"],
    ] as const) {
      expect(await refusal(read(text, json))).toEqual(new JsonLimitError(limit));
      expect(await refusal(read(form(["@jsonPayload", text])).then(readValues))).toEqual(new JsonLimitError(limit));
    }
  });

  test("a body with too many keys is refused before the rest arrives", async () => {
    const start = `{${Array.from({ length: 101 }, (_, n) => `"${n}":0,`).join("")}`;
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(start)) });
    expect(await refusal(read(body, json))).toEqual(new JsonLimitError("keys"));
  });

  test("forms have as many parameters and parts as in Go", async () => {
    const parameters = (count: number): string => Array.from({ length: count }, (_, n) => `${n}=`).join("&");
    const parts = (count: number): FormData =>
      form(...Array.from({ length: count }, (_, n) => [`${n}`, "x"] as [string, string]));
    expect((await read(parameters(10_000), urlEncoded)).kind).toBe("form");
    expect(await refusal(read(parameters(10_001), urlEncoded))).toBeInstanceOf(RangeError);
    expect((await read(parts(1_000))).kind).toBe("form");
    expect(await refusal(read(parts(1_001)))).toBeInstanceOf(RangeError);
  });

  test.each([
    ["true", true],
    ["false", false],
    ["0", 0],
    ["-12.5", -12.5],
    ["", ""],
    ["007", "007"],
    ["1.0", "1.0"],
    ["1e3", "1e3"],
    ["-", "-"],
    ["1-2", "1-2"],
    ["True", "True"],
    ["Infinity", "Infinity"],
    ["9007199254740993", "9007199254740993"],
  ])("in a form, %p reads as %p", async (text, value) => {
    expect(readValues(await read(form(["a", text])))).toEqual({ a: value });
  });

  test("a repeated form field becomes a list, and the JSON payload is added without conversion", async () => {
    const body = await read(
      form(["a", "1"], ["a", "x"], ["b", "1"], ["@jsonPayload", '{"b":"1"}'], ["@jsonPayload", '{"c":[]}']),
    );
    expect(readValues(body)).toEqual({ a: [1, "x"], b: "1", c: [] });
  });

  test("URL parameters are added to a form but not to JSON", async () => {
    expect(readValues(await read("a=1", urlEncoded, "?a=2&b=3"))).toEqual({ a: [1, 2], b: 3 });
    expect(readValues(await read(form(["a", "1"]), undefined, "?a=2"))).toEqual({ a: [2, 1] });
    expect(readValues(await read("{}", json, "?a=2"))).toEqual({});
  });

  test.each(["a=%zz", "a=%", "a=1;b=2"])("%p is not form-urlencoded", async (text) => {
    expect(await refusal(read(text, urlEncoded))).toBeInstanceOf(Error);
    expect(await refusal(read("a=1", urlEncoded, `?${text}`))).toBeInstanceOf(Error);
    expect(await refusal(read(form(["a", "1"]), undefined, `?${text}`))).toBeInstanceOf(Error);
    expect(readValues(await read("{}", json, `?${text}`))).toEqual({});
  });

  test.each(["multipart/form-data", "multipart/form-data; boundary=x"])(
    "a %s body without parts is refused",
    async (type) => {
      expect(await refusal(read("x", type))).toBeInstanceOf(Error);
    },
  );
});

test("a form's files are separate from its values, and an empty file input is not a file", async () => {
  const content = [
    '--x\r\nContent-Disposition: form-data; name="a"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n\r\n',
    '--x\r\nContent-Disposition: form-data; name="b"; filename="b.txt"\r\nContent-Type: text/plain\r\n\r\nhi\r\n--x--\r\n',
  ].join("");
  const body = await read(content, "multipart/form-data; boundary=x");
  expect(readValues(body)).toEqual({ a: "" });
  const [file] = (body.kind === "form" && body.files.get("b")) || [];
  expect(file?.name).toBe("b.txt");
  expect(await file?.text()).toBe("hi");
});

describe("values with a shape", () => {
  const shape = z.object({ userName: formText, tags: z.array(z.string()).optional() });

  test("match names in any case and ignore unknown ones; null and missing values are empty text", async () => {
    expect(parseValues(await read('{"USERNAME":"a","other":1}', "application/json"), shape)).toEqual({ userName: "a" });
    expect(parseValues(await read('{"userName":null}', "application/json"), shape)).toEqual({ userName: "" });
    expect(parseValues(await read(undefined), shape)).toEqual({ userName: "" });
  });

  test("stay text in a form, whatever they look like", async () => {
    expect(parseValues(await read(form(["userName", "1"], ["tags", "a"], ["tags", "b"])), shape)).toEqual({
      userName: "1",
      tags: ["a", "b"],
    });
  });

  test("in a list of texts, null is an empty text", async () => {
    const body = await read('{"names":[null,"a"]}', "application/json");
    expect(parseValues(body, z.object({ names: formTexts }))).toEqual({ names: ["", "a"] });
  });

  test("are integers from digits in a form, but not from a text in JSON", async () => {
    const whole = z.object({ age: formInteger });
    expect(parseValues(await read(form(["age", "60"])), whole)).toEqual({ age: 60 });
    expect(parseValues(await read('{"age":60}', "application/json"), whole)).toEqual({ age: 60 });
    for (const text of ['{"age":"60"}', '{"age":1.5}']) {
      const body = await read(text, "application/json");
      expect(() => parseValues(body, whole)).toThrow();
    }
  });

  test("are refused if they have another type", async () => {
    const body = await read('{"userName":1}', "application/json");
    expect(() => parseValues(body, shape)).toThrow();
  });
});

test.each(["text/plain", "APPLICATION/JSON", "application/xhtml+xml", ""])(
  "%j is an unsupported type",
  async (type) => {
    expect(await refusal(read('{"a":1}', type))).toEqual(new ApiError(400, "Unsupported Content-Type."));
  },
);

describe("a body over the limit", () => {
  test("is refused by its Content-Length", async () => {
    expect(await refusal(read("x".repeat(LIMIT + 1), "application/json"))).toEqual(new ApiError(413));
  });

  test("is refused while it arrives if it has no Content-Length", async () => {
    expect(await refusal(read(endless(300), "application/json"))).toEqual(new ApiError(413));
  });
});

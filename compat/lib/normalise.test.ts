import { describe, expect, test } from "bun:test";
import { readFixture } from "../fixture/fixture.ts";
import { Normaliser } from "./normalise.ts";
import { guest } from "./scenario.ts";

const fixture = await readFixture();

function normalised(body: string, sent = ""): string {
  const answer = { status: 200, headers: {}, body };
  return new Normaliser(fixture, [guest("GET /", { sent })]).normalise([answer])[0]!.body;
}

describe("of an answer", () => {
  test("random ids are numbered, so that equal ids stay equal", () => {
    expect(normalised('["abcdefghij12345","zzzzzzzzzz99999","abcdefghij12345"]')).toBe('["<id 1>","<id 2>","<id 1>"]');
  });

  test("ids of the fixture, of the request and of fields stay", () => {
    const ids = '["post00000000001","mine56789012345","root00000000001","text3208210256","select123456789"]';
    expect(normalised(ids, "mine56789012345")).toBe(ids);
  });

  test("dates of now go, others stay", () => {
    const date = new Date(Date.now() + 1_000).toISOString().replace("T", " ");
    expect(normalised(JSON.stringify([date, fixture.madeAt, "2020-01-01 00:00:00.000Z"]))).toBe(
      JSON.stringify(["<now>", fixture.madeAt, "2020-01-01 00:00:00.000Z"]),
    );
  });

  test("the order of keys goes, that of lists stays", () => {
    expect(normalised('{"b":[2,1],"a":{"d":1,"c":2}}\n')).toBe('{"a":{"c":2,"d":1},"b":[2,1]}');
  });

  test("random parts of file names go, but not those of the fixture", () => {
    const [stored] = Object.values(fixture.files);
    expect(normalised(JSON.stringify(["photo_a1b2c3d4e5.png", "xk3j9d8s7a1b_a1b2c3d4e5.png", stored]))).toBe(
      JSON.stringify(["photo_<random>.png", "xk<random>_<random>.png", stored]),
    );
  });

  test("tokens show their claims and how long they are valid", () => {
    const exp = Math.floor(Date.now() / 1000) + 600;
    const payload = Buffer.from(JSON.stringify({ type: "auth", id: "x", exp })).toString("base64url");
    expect(normalised(`"eyJhbGciOiJIUzI1NiJ9.${payload}.c2ln"`)).toContain("'type':'auth','seconds':600");
    expect(normalised(`"${fixture.accounts["user"]!.token}"`)).toBe('"<the token of user>"');
  });

  test("messages and codes stay", () => {
    const text = '{"code":"validation_min_text_constraint","collectionId":"pbc_3142635823","name":"by_membership"}';
    expect(normalised(text)).toBe(text);
  });
});

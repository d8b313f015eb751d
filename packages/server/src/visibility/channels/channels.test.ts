import { describe, expect, test } from "bun:test";
import { RecordFixture } from "../../testing/record-fixture.ts";
import { Channels, ChannelSet } from "./channels.ts";

const fixture = await RecordFixture.open([]);
const { schema } = fixture.context();

const declared = (rules: Readonly<Record<string, string | null>>): ChannelSet => {
  const set = new ChannelSet();
  for (const [name, rule] of Object.entries(rules)) set.declare(name, rule, schema);
  return set;
};

describe("the rule of a channel", () => {
  const set = declared({ "chat:*": "@request.auth.id != ''", "chat:staff:*": null, "chat:lobby": "", "*": "id = 'x'" });

  test.each<[string, string | null]>([
    ["chat:lobby", ""],
    ["chat:42", "@request.auth.id != ''"],
    ["chat:staff:1", null],
    ["news", "id = 'x'"],
  ])("%s: its own, or that of its longest prefix", (name, rule) => {
    expect(set.ruleOf(name)).toBe(rule);
  });

  test("is undefined if the channel isn't declared", () => {
    expect(declared({ news: "" }).ruleOf("chat")).toBeUndefined();
  });
});

describe("a declaration is rejected", () => {
  test.each(["", "with space", "a/b", "*a", "a*b"])("for the name %p", (name) => {
    expect(() => new ChannelSet().declare(name, "", schema)).toThrow("can't be the name of a channel");
  });

  test("for an unreadable rule", () => {
    expect(() => new ChannelSet().declare("news", "removed = 1", schema)).toThrow('The rule of channel "news"');
  });
});

test("channels that aren't declared have the default rule, and the first set that declares a channel wins", () => {
  const channels = new Channels("@request.auth.id != ''");
  expect(channels.ruleOf("news")).toBe("@request.auth.id != ''");
  channels.replace([declared({ news: null }), declared({ news: "", chat: "" })]);
  expect([channels.ruleOf("news"), channels.ruleOf("chat"), channels.ruleOf("other")]).toEqual([
    null,
    "",
    "@request.auth.id != ''",
  ]);
  expect(channels.declaredRuleOf("other")).toBeUndefined();
});

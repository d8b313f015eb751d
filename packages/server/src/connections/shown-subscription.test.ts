import { expect, test } from "bun:test";
import { parseSubscription } from "@headwater/protocol";
import { shownSubscription } from "./shown-subscription.ts";

const withOptions = (options: unknown): string =>
  shownSubscription(parseSubscription(`notes/*?options=${encodeURIComponent(JSON.stringify(options))}`));

test("a subscription without options is shown as it is", () => {
  for (const name of ["notes/*", "notes/abc", "@chat", "*"])
    expect(shownSubscription(parseSubscription(name))).toBe(name);
});

test("a pattern of a WebSocket is shown as its client calls it", () => {
  const parsed = parseSubscription(
    `notes.*?options=${JSON.stringify({ query: { filter: "a = 1", token: "SECRET" } })}`,
  );
  const { options } = parsed;
  expect(shownSubscription({ ...parsed, topic: "notes/*" })).toBe(
    'notes.*?options={"query":{"filter":"a = 1","token":"***"}}',
  );
  expect(shownSubscription({ name: "notes.*?options=", label: "notes.*", topic: "notes/*", options })).toBe(
    'notes.*?options={"query":{"filter":"a = 1","token":"***"}}',
  );
});

test("the values of headers, and of parameters that may be secrets, are masked", () => {
  const shown = withOptions({
    query: {
      filter: "owner = 'PRIVATE'",
      fields: "id,title",
      transitions: "enter-leave",
      token: "SECRET",
      x: "SECRET",
    },
    headers: { Authorization: "Bearer SECRET", "X-Key": "SECRET" },
  });
  expect(shown).not.toMatch(/SECRET|PRIVATE/);
  expect(shown).toBe(
    'notes/*?options={"query":{"filter":"owner = ***","fields":"id,title","transitions":"enter-leave","token":"***","x":"***"},"headers":{"authorization":"***","x_key":"***"}}',
  );
});

test.each(["notes/*?options={SECRET", "chat?token=SECRET", "a=SECRET", `notes/*?options=${"SECRET".repeat(300)}`])(
  "%p shows nothing that may be a secret",
  (name) => {
    expect(shownSubscription(parseSubscription(name))).not.toContain("SECRET");
  },
);

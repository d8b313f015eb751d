import { expect, test } from "bun:test";
import fc from "fast-check";
import { ruleCases } from "../../testing/rule-cases.ts";
import { Blog, NOW } from "../golden/blog.ts";
import { decisionKey } from "./decision-key.ts";
import { GUEST } from "../principal.ts";
import type { RecordScope } from "../resolve/record-scope.ts";
import { resolvePredicate, resolveRule } from "./resolve-rule.ts";
import { RuleError } from "../syntax/rule-error.ts";
import type { RuleContext } from "../rule-context.ts";

const blog = new Blog();

function keyOf(rule: string, as: string): string {
  const principal = blog.principal(as);
  const auth = principal.kind === "guest" ? undefined : principal.collection;
  const collection = blog.collection("posts");
  const scope: RecordScope = { schema: blog.schema, collection, trust: "trusted", auth, isNew: false };
  const context: RuleContext = { principal, context: "realtime", method: "GET", query: {}, headers: {}, body: {} };
  return decisionKey(resolveRule(rule, scope), scope, context);
}

test.each([
  ["title = 'a'", true, true],
  ["@request.auth.id != ''", true, false],
  ["@request.auth.id != '' && title = 'a'", true, false],
  ["@request.auth.id = '' || title = 'a'", true, false],
  ["@request.auth.collectionName = 'users' && title = 'a'", true, false],
  ["author = @request.auth.id", false, false],
  ["@request.auth.id != '' && author = @request.auth.id", false, false],
  ["@request.auth.id = 'nobody' && author = @request.auth.id", true, true],
  ["comments_via_post.id ?= @request.auth.id", false, false],
  ["@request.auth.name = title", false, false],
])("under %s two users share a key: %p, a guest shares it: %p", (rule, users, guest) => {
  expect(keyOf(rule, "u1") === keyOf(rule, "u2")).toBe(users);
  expect(keyOf(rule, "u1") === keyOf(rule, "guest")).toBe(guest);
});

test("principals with the same key get the same result", () => {
  const seen = { shared: 0, distinct: 0 };
  fc.assert(
    fc.property(fc.array(ruleCases, { minLength: 2, maxLength: 2 }), ([ruleCase, other]) => {
      const { rule, schema, collection, values, trust, context } = ruleCase!;
      const results = new Map<string, boolean>();
      for (const principal of [context.principal, other!.context.principal, GUEST]) {
        const auth = principal.kind === "guest" ? undefined : principal.collection;
        const scope: RecordScope = { schema, collection, trust, auth, isNew: false };
        const otherContext: RuleContext = { ...context, principal };
        try {
          const key = decisionKey(resolveRule(rule, scope), scope, otherContext);
          const result = resolvePredicate(rule, scope)?.(values, otherContext, NOW);
          // Left to the database.
          if (result === undefined) continue;
          seen[results.has(key) ? "shared" : "distinct"] += 1;
          if (results.has(key)) expect(result).toBe(results.get(key)!);
          results.set(key, result);
        } catch (error) {
          if (!(error instanceof RuleError)) throw error;
        }
      }
    }),
    { numRuns: 3_000 },
  );
  expect(seen.shared).toBeGreaterThan(1_000);
  expect(seen.distinct).toBeGreaterThan(1_000);
}, 60_000);

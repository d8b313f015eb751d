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
])("under %s two users are alike: %p, and a guest is like them: %p", (rule, users, guest) => {
  expect(keyOf(rule, "u1") === keyOf(rule, "u2")).toBe(users);
  expect(keyOf(rule, "u1") === keyOf(rule, "guest")).toBe(guest);
});

test("those who have the same key get the same answer", () => {
  const seen = { alike: 0, apart: 0 };
  fc.assert(
    fc.property(fc.array(ruleCases, { minLength: 2, maxLength: 2 }), ([asked, other]) => {
      const { rule, schema, collection, values, trust, context } = asked!;
      const answers = new Map<string, boolean>();
      for (const principal of [context.principal, other!.context.principal, GUEST]) {
        const auth = principal.kind === "guest" ? undefined : principal.collection;
        const scope: RecordScope = { schema, collection, trust, auth, isNew: false };
        const asking: RuleContext = { ...context, principal };
        try {
          const key = decisionKey(resolveRule(rule, scope), scope, asking);
          const answer = resolvePredicate(rule, scope)?.(values, asking, NOW);
          // What the predicate leaves to the database says nothing here.
          if (answer === undefined) continue;
          seen[answers.has(key) ? "alike" : "apart"] += 1;
          if (answers.has(key)) expect(answer).toBe(answers.get(key)!);
          answers.set(key, answer);
        } catch (error) {
          if (!(error instanceof RuleError)) throw error;
        }
      }
    }),
    { numRuns: 3_000 },
  );
  expect(seen.alike).toBeGreaterThan(1_000);
  expect(seen.apart).toBeGreaterThan(1_000);
}, 60_000);

import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { Comparison, Condition, Operand } from "../resolve/condition.ts";
import type { RuleContext } from "../rule-context.ts";
import { type Compare, compileComparison, type OperandTraits } from "./compare-values.ts";
import { likeMatcher } from "./like-matcher.ts";
import {
  type ReadItems,
  IteratedLists,
  type CompiledOperand,
  compileOperand,
  type PredicateInput,
} from "./compile-operand.ts";
import { isNull, type Scalar, scalarText, NeedsDatabase } from "./scalar.ts";

/**
 * Returns whether a record matches the rule, as the rule's SQL would on the same values. It returns `undefined` for
 * rare values that only the database can decide: the text of a fraction, a pattern or a list beyond SQLite's limits.
 */
export type Predicate = (values: RecordValues, context: RuleContext, now: Date) => boolean | undefined;

type Test = (input: PredicateInput) => boolean;

/** Compiles a condition to a predicate; `undefined` for one that reads other records or calls a function. */
export function compilePredicate(condition: Condition, collection: Collection): Predicate | undefined {
  const lists = new IteratedLists();
  const test = conditionTest(condition, collection, lists);
  if (!test) return undefined;
  const { all } = lists;
  return (values, context, now) => {
    const input: PredicateInput = { values, context, now, items: [] };
    try {
      return all.length === 0 ? test(input) : someItems(all, 0, test, input);
    } catch (error) {
      if (error instanceof NeedsDatabase) return undefined;
      throw error;
    }
  };
}

/** Whether some combination of the lists' items passes. An empty list counts as one NULL. */
function someItems(lists: readonly ReadItems[], from: number, test: Test, input: PredicateInput): boolean {
  if (from === lists.length) return test(input);
  return orNull(lists[from]!(input)).some((item) => {
    input.items[from] = item;
    return someItems(lists, from + 1, test, input);
  });
}

function conditionTest(condition: Condition, collection: Collection, lists: IteratedLists): Test | undefined {
  if (condition.kind === "comparison") return comparisonTest(condition, collection, lists);
  const tests: Test[] = [];
  for (const part of condition.parts) {
    const test = conditionTest(part, collection, lists);
    if (!test) return undefined;
    tests.push(test);
  }
  return condition.kind === "and"
    ? (input) => tests.every((test) => test(input))
    : (input) => tests.some((test) => test(input));
}

function comparisonTest(comparison: Comparison, collection: Collection, lists: IteratedLists): Test | undefined {
  const left = compileOperand(comparison.left, collection, lists);
  const right = compileOperand(comparison.right, collection, lists);
  if (!left || !right) return undefined;
  const tests = [pairTest(left, comparison.operator, right)];
  if (!comparison.any && (left.all || right.all)) {
    // Compared with a list, `:changed` compiles to different SQL if the field was not submitted.
    if (comparison.left.kind === "changed" || comparison.right.kind === "changed") return undefined;
    tests.push(noPairFails(left, comparison.operator, right));
  }
  if (isPublicEmail(comparison.left) || isPublicEmail(comparison.right)) {
    tests.push(({ values }) => values["emailVisibility"] === true);
  }
  return tests.length === 1 ? tests[0]! : (input) => tests.every((test) => test(input));
}

const isPublicEmail = (operand: Operand): boolean => operand.kind === "field" && operand.publicEmail;

/** Compares the current values of both sides. */
function pairTest(left: CompiledOperand, operator: Comparison["operator"], right: CompiledOperand): Test {
  if (operator === "~" || operator === "!~") {
    const like = likeTest(left, operator, right);
    return (input) => like(left.read(input), right.read(input), input) === true;
  }
  const compare = compileComparison(left.traits, operator, right.traits);
  return (input) => compare(left.read(input), right.read(input)) === true;
}

/** Holds if no pair of the two sides' values fails the comparison. A comparison that is NULL does not fail. */
function noPairFails(left: CompiledOperand, operator: Comparison["operator"], right: CompiledOperand): Test {
  const compare: (a: Scalar, b: Scalar, input: PredicateInput) => boolean | null =
    operator === "~" || operator === "!~"
      ? likeTest(left, operator, right)
      : compileComparison(innerTrait(left), operator, innerTrait(right));
  return (input) => {
    const rights = valuesOf(right, input);
    return valuesOf(left, input).every((a) => rights.every((b) => compare(a, b, input) !== false));
  };
}

/** The traits inside the multi-match subquery, where SQL no longer knows which values a list was made of. */
const innerTrait = ({ traits, all }: CompiledOperand): OperandTraits =>
  all ? { ...traits, origin: "column" } : { ...traits, nulls: "plain" };

const valuesOf = ({ all, read }: CompiledOperand, input: PredicateInput): readonly Scalar[] =>
  all ? orNull(all(input)) : [read(input)];

const orNull = (items: readonly Scalar[]): readonly Scalar[] => (items.length === 0 ? NULL : items);

const NULL: readonly Scalar[] = [null];

/**
 * A value becomes a pattern by the rules of `likePattern`; a column's content is searched for as a substring pattern.
 */
function likeTest(
  left: CompiledOperand,
  operator: "~" | "!~",
  right: CompiledOperand,
): (a: Scalar, b: Scalar, input: PredicateInput) => ReturnType<Compare> {
  let known: { readonly pattern: string; readonly matches: (text: string) => boolean } | undefined;
  return (a, b, input) => {
    const pattern = right.pattern ? right.pattern(input) : isNull(b) ? null : `%${scalarText(b, right.traits.floats)}%`;
    if (isNull(a) || pattern === null) return null;
    if (known?.pattern !== pattern) known = { pattern, matches: likeMatcher(pattern) };
    return known.matches(scalarText(a, left.traits.floats)) === (operator === "~");
  };
}

import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { Comparison, Condition, Operand } from "../resolve/condition.ts";
import type { RuleContext } from "../rule-context.ts";
import { type Compare, comparer, type Trait } from "./compare-values.ts";
import { likeMatcher } from "./like-matcher.ts";
import { type Items, Lists, type Reading, readingOf, type Subject } from "./compile-operand.ts";
import { isNull, type Scalar, textOf, Undecided } from "./scalar.ts";

/**
 * Does a record meet the rule? The answer is the one that the rule's SQL gives on the same values; `undefined` for the
 * rare value that only the database can judge: the text of a fraction, a pattern or a list beyond SQLite's limits.
 */
export type Predicate = (values: RecordValues, context: RuleContext, now: Date) => boolean | undefined;

type Test = (subject: Subject) => boolean;

/** Compiles a condition to a predicate; `undefined` for one that takes the database: another record, or a function. */
export function compilePredicate(condition: Condition, collection: Collection): Predicate | undefined {
  const lists = new Lists();
  const test = conditionTest(condition, collection, lists);
  if (!test) return undefined;
  const { all } = lists;
  return (values, context, now) => {
    const subject: Subject = { values, context, now, items: [] };
    try {
      return all.length === 0 ? test(subject) : someItems(all, 0, test, subject);
    } catch (error) {
      if (error instanceof Undecided) return undefined;
      throw error;
    }
  };
}

/** Is there a combination of the lists' items that passes? A list without items is one NULL. */
function someItems(lists: readonly Items[], from: number, test: Test, subject: Subject): boolean {
  if (from === lists.length) return test(subject);
  return orNull(lists[from]!(subject)).some((item) => {
    subject.items[from] = item;
    return someItems(lists, from + 1, test, subject);
  });
}

function conditionTest(condition: Condition, collection: Collection, lists: Lists): Test | undefined {
  if (condition.kind === "comparison") return comparisonTest(condition, collection, lists);
  const tests: Test[] = [];
  for (const part of condition.parts) {
    const test = conditionTest(part, collection, lists);
    if (!test) return undefined;
    tests.push(test);
  }
  return condition.kind === "and"
    ? (subject) => tests.every((test) => test(subject))
    : (subject) => tests.some((test) => test(subject));
}

function comparisonTest(comparison: Comparison, collection: Collection, lists: Lists): Test | undefined {
  const left = readingOf(comparison.left, collection, lists);
  const right = readingOf(comparison.right, collection, lists);
  if (!left || !right) return undefined;
  const tests = [someTest(left, comparison.operator, right)];
  if (!comparison.any && (left.all || right.all)) {
    // Beside a list, SQL knows of a change whether it was submitted at all.
    if (comparison.left.kind === "changed" || comparison.right.kind === "changed") return undefined;
    tests.push(noneBreaks(left, comparison.operator, right));
  }
  if (isPublicEmail(comparison.left) || isPublicEmail(comparison.right)) {
    tests.push(({ values }) => values["emailVisibility"] === true);
  }
  return tests.length === 1 ? tests[0]! : (subject) => tests.every((test) => test(subject));
}

const isPublicEmail = (operand: Operand): boolean => operand.kind === "field" && operand.publicEmail;

/** One value with one value. */
function someTest(left: Reading, operator: Comparison["operator"], right: Reading): Test {
  if (operator === "~" || operator === "!~") {
    const like = likeTest(left, operator, right);
    return (subject) => like(left.read(subject), right.read(subject), subject) === true;
  }
  const compare = comparer(left.trait, operator, right.trait);
  return (subject) => compare(left.read(subject), right.read(subject)) === true;
}

/** No pair of all values breaks the comparison; one whose answer is NULL breaks nothing. */
function noneBreaks(left: Reading, operator: Comparison["operator"], right: Reading): Test {
  const compare: (a: Scalar, b: Scalar, subject: Subject) => boolean | null =
    operator === "~" || operator === "!~"
      ? likeTest(left, operator, right)
      : comparer(innerTrait(left), operator, innerTrait(right));
  return (subject) => {
    const rights = valuesOf(right, subject);
    return valuesOf(left, subject).every((a) => rights.every((b) => compare(a, b, subject) !== false));
  };
}

/** Of the values of a list, a comparison no longer knows what they are made of. */
const innerTrait = ({ trait, all }: Reading): Trait =>
  all ? { ...trait, origin: "column" } : { ...trait, nulls: "plain" };

const valuesOf = ({ all, read }: Reading, subject: Subject): readonly Scalar[] =>
  all ? orNull(all(subject)) : [read(subject)];

const orNull = (items: readonly Scalar[]): readonly Scalar[] => (items.length === 0 ? NULL : items);

const NULL: readonly Scalar[] = [null];

/** A value is made a pattern by the rule's own conventions; a column is looked for as it is. */
function likeTest(
  left: Reading,
  operator: "~" | "!~",
  right: Reading,
): (a: Scalar, b: Scalar, subject: Subject) => ReturnType<Compare> {
  let known: { readonly pattern: string; readonly matches: (text: string) => boolean } | undefined;
  return (a, b, subject) => {
    const pattern = right.pattern ? right.pattern(subject) : isNull(b) ? null : `%${textOf(b, right.trait.floats)}%`;
    if (isNull(a) || pattern === null) return null;
    if (known?.pattern !== pattern) known = { pattern, matches: likeMatcher(pattern) };
    return known.matches(textOf(a, left.trait.floats)) === (operator === "~");
  };
}

import type { Collection } from "../../collections/model/collection.ts";
import { compared, type KeptQuery, keepQuery, late, type Query, type Sql, withInput } from "../../store/sql.ts";
import type { Condition, Operand } from "../resolve/condition.ts";
import type { RuleContext } from "../rule-context.ts";
import { type ReadFrom, RequestTexts } from "./request-texts.ts";

/** What a kept statement reads its values from. */
export interface QueryInput<Given> {
  readonly context: RuleContext;
  /** What the statement is about, such as an id. */
  readonly given: Given;
}

/** The values of a statement that is kept: it reads texts of the request when it runs. */
export class LateTexts extends RequestTexts {
  override varies(): boolean {
    return true;
  }

  override placeFirst(): void {}

  protected override place(read: ReadFrom<string | null>): Sql {
    return compared(late(({ context }: QueryInput<unknown>) => read(context)));
  }
}

interface Kept {
  readonly query: KeptQuery<never>;
  readonly texts: LateTexts;
}

/** Statements kept for one use of a rule: they differ in what is not a text, such as a missing value. */
const MAX_KEPT = 4;

const kept = new WeakMap<object, Map<string, Kept[]>>();

/**
 * The statement of a rule for this request and input. It is built once for all requests whose texts alone differ: to build
 * a small one takes longer than to run it (docs/decisions/0028).
 *
 * @param rule a trusted rule, or the collection for no rule
 * @param use different for statements that are built differently
 * @param build takes the texts of the request from `texts`, and those of the input with `late`
 */
export function keptQuery<Given>(
  { rule, use }: { readonly rule: Condition | Collection; readonly use: string },
  input: QueryInput<Given>,
  build: (texts: LateTexts | undefined) => Sql,
): Query {
  if ("kind" in rule && !isKeepable(rule)) return withInput(keepQuery(build(undefined)), input);
  let uses = kept.get(rule);
  if (!uses) kept.set(rule, (uses = new Map<string, Kept[]>()));
  let all = uses.get(use);
  if (!all) uses.set(use, (all = []));
  let found = all.find(({ texts }) => texts.isValidFor(input.context));
  if (!found) {
    const texts = new LateTexts(input.context);
    found = { query: keepQuery(build(texts)), texts };
    if (all.length === MAX_KEPT) all.shift();
    all.push(found);
  }
  return withInput<QueryInput<Given>>(found.query as KeptQuery<QueryInput<Given>>, input);
}

const keepable = new WeakMap<Condition, boolean>();

/** Does the rule take nothing but values of the request? The time differs each time, and lists become part of the statement. */
function isKeepable(condition: Condition): boolean {
  let known = keepable.get(condition);
  if (known === undefined) keepable.set(condition, (known = takesOnlyValues(condition)));
  return known;
}

const takesOnlyValues = (condition: Condition): boolean =>
  condition.kind === "comparison"
    ? [condition.left, condition.right].every(isValue)
    : condition.parts.every(takesOnlyValues);

function isValue(operand: Operand): boolean {
  switch (operand.kind) {
    case "literal":
    case "constant":
    case "request":
      return true;
    case "field":
      return operand.steps.every(({ kind }) => kind !== "body");
    case "geoDistance":
      return operand.points.every(isValue);
    case "strftime":
      return operand.time !== undefined && isValue(operand.time);
    case "macro":
    case "bodyItems":
    case "bodyRelation":
    case "changed":
      return false;
  }
}

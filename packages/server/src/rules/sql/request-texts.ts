import type { Sql } from "../../store/sql.ts";
import type { Principal } from "../principal.ts";
import type { RuleValue } from "../resolve/request-value.ts";
import type { RuleContext } from "../rule-context.ts";

export type ReadFrom<Found> = (context: RuleContext) => Found;

/**
 * The values that one statement takes from several requests. It is compiled for the first of them: a rule's SQL depends on
 * the kinds of its values, and only texts vary, so `isValidFor` says which other requests the statement is correct for.
 */
export abstract class RequestTexts {
  readonly #first: RuleContext;
  readonly #texts: ReadFrom<RuleValue>[] = [];
  readonly #fixed: { readonly value: RuleValue; readonly read: ReadFrom<RuleValue> }[] = [];

  constructor(first: RuleContext) {
    this.#first = first;
  }

  /** Whether values of this part of the request, such as `auth`, may vary. */
  abstract varies(part: string): boolean;

  /** The SQL of a text that may vary; `undefined` if the first request's value is not such a text. */
  column(read: ReadFrom<RuleValue>, bound: (text: string) => string): Sql | undefined {
    const value = read(this.#first);
    if (!isPlainText(value)) {
      this.#fixed.push({ value, read });
      return undefined;
    }
    const textOf: ReadFrom<string | null> = (context) => {
      const text = read(context);
      return isPlainText(text) ? bound(text) : null;
    };
    return this.place(textOf, this.#texts.push(textOf) - 1);
  }

  /** As `column`, for a join condition. */
  leadingColumn(read: ReadFrom<RuleValue>): Sql | undefined {
    const column = this.column(read, (text) => text);
    if (column) this.placeFirst();
    return column;
  }

  /** Makes the texts available to join conditions. */
  abstract placeFirst(): void;

  /** Whether the statement is correct for this request too. Call it after the statement is compiled. */
  isValidFor(context: RuleContext): boolean {
    return (
      authCollectionOf(context.principal) === authCollectionOf(this.#first.principal) &&
      this.#fixed.every(({ value, read }) => Object.is(read(context), value)) &&
      this.#texts.every((read) => read(context) !== null)
    );
  }

  protected get texts(): readonly ReadFrom<string | null>[] {
    return this.#texts as readonly ReadFrom<string | null>[];
  }

  protected abstract place(read: ReadFrom<string | null>, index: number): Sql;
}

const authCollectionOf = (principal: Principal) => (principal.kind === "guest" ? undefined : principal.collection);

/** A text that compiles to the same SQL as any other: not empty, and unchanged by JSON. */
const isPlainText = (value: RuleValue): value is string =>
  typeof value === "string" && value !== "" && value.isWellFormed() && !value.includes("\0");

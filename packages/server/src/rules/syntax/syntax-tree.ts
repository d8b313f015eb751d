/** The comparison operators. In a rule's text, a leading `?` means that one match is enough. */
export const OPERATORS = ["=", "!=", "~", "!~", "<", "<=", ">", ">="] as const;
export type Operator = (typeof OPERATORS)[number];

/** An operand as written; `position` is its offset in the text. */
export type OperandNode = NameNode | TextNode | NumberNode | CallNode;

export interface NameNode {
  readonly kind: "name";
  readonly name: string;
  readonly position: number;
}
export interface TextNode {
  readonly kind: "text";
  readonly value: string;
  readonly position: number;
}
export interface NumberNode {
  readonly kind: "number";
  readonly value: number;
  readonly position: number;
}
export interface CallNode {
  readonly kind: "call";
  readonly name: string;
  readonly arguments: readonly OperandNode[];
  readonly position: number;
}

export interface ComparisonNode {
  readonly kind: "comparison";
  readonly left: OperandNode;
  readonly operator: Operator;
  /** Written with `?`: one matching value is enough. */
  readonly any: boolean;
  readonly right: OperandNode;
}

/** A parsed rule. `and` and `or` have at least two parts. */
export type ExpressionNode =
  ComparisonNode | { readonly kind: "and" | "or"; readonly parts: readonly ExpressionNode[] };

/**
 * An API rule: `null` allows superusers only, `""` allows everyone, any other text is an expression of the rule
 * language.
 */
export type Rule = string | null;

import { expect, test } from "bun:test";
import { AnswerBudget } from "./answer-limits.ts";

test("an answer within its limits is free to go on, one beyond is refused by the limit's name", () => {
  const budget = new AnswerBudget({ bytes: 2 << 20, expanded: 10 });
  budget.addExpanded(10);
  budget.addBytes(2 << 20);
  budget.addFetched(2 << 20);
  expect(() => budget.addExpanded(1)).toThrow("The expand parameter leads to more than 10 records (--max-expand).");
  expect(() => budget.addBytes(1)).toThrow("The answer is larger than 2 MiB (--max-answer-mb).");
  expect(() => budget.addFetched(1)).toThrow("The answer is larger than 2 MiB (--max-answer-mb).");
});

test("0 is no limit", () => {
  const budget = new AnswerBudget({ bytes: 0, expanded: 0 });
  budget.addExpanded(1e9);
  budget.addBytes(1e12);
  expect(budget.expandable).toBe(Infinity);
});

test("the parts of all paths together have a limit", () => {
  const budget = new AnswerBudget();
  for (let n = 0; n < 200; n += 1) budget.addStep();
  expect(() => budget.addStep()).toThrow("The expand parameter has more than 200 parts.");
});

import { expect, test } from "bun:test";
import { Admission } from "./admission.ts";

test("the limit of an address keeps others of it out and nobody else", () => {
  const admission = new Admission({ total: 0, perAddress: 2 });
  for (const address of ["a", "a", "b"]) admission.enter(address);
  expect(admission.refusal("a")).toBe("address");
  expect(admission.refusal("b")).toBeUndefined();
  admission.leave("a");
  expect(admission.refusal("a")).toBeUndefined();
});

test("the total counts all addresses and comes first", () => {
  const admission = new Admission({ total: 2, perAddress: 1 });
  for (const address of ["a", "b"]) admission.enter(address);
  expect([admission.refusal("a"), admission.refusal("c")]).toEqual(["total", "total"]);
  admission.leave("b");
  expect([admission.refusal("a"), admission.refusal("c")]).toEqual(["address", undefined]);
});

test("0 is no limit", () => {
  const admission = new Admission({ total: 0, perAddress: 0 });
  for (let i = 0; i < 10_000; i += 1) admission.enter("a");
  expect(admission.refusal("a")).toBeUndefined();
});

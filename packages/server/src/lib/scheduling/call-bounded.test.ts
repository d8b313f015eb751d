import { expect, test } from "bun:test";
import { AsyncLocalStorage } from "node:async_hooks";
import { callBounded } from "./call-bounded.ts";

const overrun = (): Error => new Error("too long");
const forever = (): never => {
  for (;;);
};

test("a call gives what the function gives, and throws what it throws", () => {
  expect(callBounded(() => 1, 1_000, overrun)).toBe(1);
  expect(() =>
    callBounded(
      () => {
        throw new RangeError("own");
      },
      1_000,
      overrun,
    ),
  ).toThrow(RangeError);
  expect(callBounded(() => callBounded(() => 2, 1_000, overrun), 1_000, overrun)).toBe(2);
});

test("a function that never ends is ended, whatever it catches", () => {
  expect(() => callBounded(forever, 20, overrun)).toThrow("too long");
  const stubborn = (): void => {
    try {
      forever();
    } catch {
      forever();
    } finally {
      forever();
    }
  };
  expect(() => callBounded(stubborn, 20, overrun)).toThrow("too long");
  expect(() => callBounded(async () => forever(), 20, overrun)).toThrow("too long");
});

test("the caller's async context is as before after a call was ended", async () => {
  const storage = new AsyncLocalStorage<string>();
  await storage.run("outer", async () => {
    const ended = (): void => storage.run("inner", () => callBounded(forever, 20, overrun));
    expect(ended).toThrow("too long");
    expect(storage.getStore()).toBe("outer");
    await Promise.resolve();
    expect(storage.getStore()).toBe("outer");
  });
});

import { afterEach, describe, expect, spyOn, test } from "bun:test";
import { ApiError } from "../../lib/api-error.ts";
import { BodyMemory, type HeldBody } from "./body-memory.ts";

const FREE = 16_384;
const refused: string[] = [];
const memoryOf = (total: number, perClient: number): BodyMemory =>
  new BodyMemory(
    { total, perClient },
    (address) => address || undefined,
    (limit) => void refused.push(limit),
  );

const statusOf = (body: HeldBody, bytes: number): number => {
  try {
    body.take(bytes);
    return 200;
  } catch (error) {
    return error instanceof ApiError ? error.status : 500;
  }
};

describe("bytes of bodies", () => {
  test("are limited in all, besides the first of each", () => {
    const memory = memoryOf(1_000, 0);
    const [one, other] = [memory.open("a"), memory.open("b")];
    expect(statusOf(one, FREE + 900)).toBe(200);
    expect(statusOf(other, FREE)).toBe(200);
    expect(statusOf(other, 101)).toBe(503);
    expect(refused.at(-1)).toBe("limit_body_memory");
    expect(memory.bytes).toBe(900);
  });

  test("are limited by address", () => {
    const memory = memoryOf(0, 1_000);
    const [one, other, local] = [memory.open("a"), memory.open("a"), memory.open("")];
    expect(statusOf(one, FREE + 900)).toBe(200);
    expect(statusOf(other, FREE + 101)).toBe(429);
    expect(refused.at(-1)).toBe("limit_body_memory_client");
    expect(statusOf(local, FREE + 10_000)).toBe(200);
  });

  test("are free again when the request is answered, and when they go to the disk", async () => {
    const memory = memoryOf(1_000, 0);
    const [one, other] = [memory.open("a"), memory.open("b")];
    one.take(FREE + 1_000);
    one.take(-600);
    expect(statusOf(other, FREE + 600)).toBe(200);
    await one.release();
    expect(statusOf(other, 400)).toBe(200);
  });
});

describe("a body that takes long to arrive", () => {
  const now = spyOn(performance, "now");
  afterEach(() => {
    now.mockRestore();
  });

  test("loses its place to others, but not once it has arrived", () => {
    const memory = memoryOf(1_000, 0);
    const [slow, whole] = [memory.open("a"), memory.open("b")];
    slow.take(FREE + 500);
    whole.take(FREE + 500);
    whole.arrived();
    let isCut = false;
    slow.onCut = () => (isCut = true);
    const next = memory.open("c");
    expect(statusOf(next, FREE + 100)).toBe(503);
    const start = performance.now();
    now.mockImplementation(() => start + 11_000);
    expect(statusOf(next, FREE + 500)).toBe(200);
    expect(isCut).toBe(true);
    expect(statusOf(slow, 1)).toBe(503);
    expect(statusOf(next, 1)).toBe(503);
  });
});

test("what was put aside for a body is removed when its request is answered", async () => {
  const body = memoryOf(0, 0).open("a");
  const removed: number[] = [];
  body.afterwards(async () => void removed.push(1));
  await body.release();
  expect(removed).toEqual([1]);
});

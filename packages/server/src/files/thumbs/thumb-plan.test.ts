import { expect, test } from "bun:test";
import { assert, constantFrom, integer, property, tuple } from "fast-check";
import { planThumb, type Size } from "./thumb-plan.ts";

/** What a stock PocketBase 0.40.6 made of PNG files: each thumbnail's size, by that of the picture. */
const RECORDED: Readonly<Record<string, string>> = {
  "300x200":
    "100x100 100x100, 70x50 70x50, 70x50t 70x50, 70x50b 70x50, 70x50f 70x46, 0x50 75x50, 70x0 70x47, 50x70 50x70, 50x70t 50x70, 50x70b 50x70, 50x70f 50x33, 600x400 600x400, 600x400f 300x200, 333x0 333x222, 0x333 500x333, 10x10f 10x6, 10x10 10x10, 1x1 1x1",
  "200x300":
    "100x100 100x100, 70x50 70x50, 70x50t 70x50, 70x50b 70x50, 70x50f 33x50, 0x50 33x50, 70x0 70x105, 50x70 50x70, 50x70t 50x70, 50x70b 50x70, 50x70f 46x70, 600x400 600x400, 600x400f 200x300, 333x0 333x500, 0x333 222x333, 10x10f 6x10, 10x10 10x10, 1x1 1x1",
  "50x80":
    "100x100 100x100, 70x50 70x50, 70x50t 70x50, 70x50b 70x50, 70x50f 31x50, 0x50 31x50, 70x0 70x112, 50x70 50x70, 50x70t 50x70, 50x70b 50x70, 50x70f 43x70, 600x400 600x400, 600x400f 50x80, 333x0 333x533, 0x333 208x333, 10x10f 6x10, 10x10 10x10, 1x1 1x1",
  "99x300":
    "100x100 100x100, 70x50 70x50, 70x50f 16x50, 0x50 17x50, 70x0 70x212, 50x70f 23x70, 600x400f 99x300, 333x0 333x1009, 0x333 110x333, 10x10f 3x10, 10x10 10x10, 1x1 1x1",
  "1000x3":
    "100x100 100x100, 70x50 70x50, 70x50f 70x1, 0x50 16667x50, 70x0 70x1, 50x70f 50x1, 600x400 600x400, 600x400f 600x1, 333x0 333x1, 10x10f 10x1, 10x10 10x10, 1x1 1x1",
  "1x1":
    "100x100 100x100, 70x50f 1x1, 0x50 50x50, 70x0 70x70, 50x70f 1x1, 600x400 600x400, 600x400f 1x1, 333x0 333x333, 0x333 333x333, 10x10 10x10, 1x1 1x1",
};

function sizeOf(text: string): Size {
  const [width = 0, height = 0] = text.split("x").map(Number);
  return { width, height };
}

function madeOf(size: string, picture: Size): Size {
  const plan = planThumb(size, picture)!;
  const { width, height } = plan.cropLast ?? plan.resize ?? plan.cropFirst ?? picture;
  return { width, height };
}

test.each(Object.entries(RECORDED))("thumbnails of a picture of %s have PocketBase's sizes", (picture, list) => {
  for (const entry of list.split(", ")) {
    const [size = "", made = ""] = entry.split(" ");
    expect({ size, ...madeOf(size, sizeOf(picture)) }).toEqual({ size, ...sizeOf(made) });
  }
});

test.each([
  ["100x100", { cropFirst: { left: 50, top: 0, width: 200, height: 200 }, resize: sizeOf("100x100") }],
  ["50x100", { cropFirst: { left: 100, top: 0, width: 100, height: 200 }, resize: sizeOf("50x100") }],
  ["300x100", { cropFirst: { left: 0, top: 50, width: 300, height: 100 } }],
  ["300x100t", { cropFirst: { left: 0, top: 0, width: 300, height: 100 } }],
  ["300x100b", { cropFirst: { left: 0, top: 100, width: 300, height: 100 } }],
  ["300x200", {}],
])("the part of a picture of 300x200 for %s", (size, plan) => {
  expect(planThumb(size, sizeOf("300x200"))).toEqual(plan);
});

test("a small picture is resized before it is cropped", () => {
  expect(planThumb("60x60b", sizeOf("20x90"))).toEqual({
    resize: sizeOf("60x270"),
    cropLast: { left: 0, top: 210, width: 60, height: 60 },
  });
});

test.each(["", "x", "10", "10x", "x10", "0x0", "0x0f", "10x10x", "10x10c", "-1x5", "1.5x2", " 1x1"])(
  "%p is no size",
  (size) => expect(planThumb(size, sizeOf("10x10"))).toBeUndefined(),
);

test("whatever the picture, a box is filled or fitted, and crops are inside", () => {
  const side = integer({ min: 1, max: 5_000 });
  const cases = tuple(side, side, side, side, constantFrom("", "t", "b", "f"));
  assert(
    property(cases, ([w, h, width, height, form]) => {
      const picture = { width: w, height: h };
      const { cropFirst, resize, cropLast } = planThumb(`${width}x${height}${form}`, picture)!;
      const made = madeOf(`${width}x${height}${form}`, picture);
      expect(made.width).toBeLessThanOrEqual(width);
      expect(made.height).toBeLessThanOrEqual(height);
      // As in PocketBase, rounding may leave out a row or a column of a box.
      if (form !== "f") expect(width - made.width + height - made.height).toBeLessThanOrEqual(1);
      for (const [crop, whole] of [[cropFirst, picture] as const, [cropLast, resize ?? picture] as const]) {
        if (!crop) continue;
        expect(Math.min(crop.left, crop.top)).toBeGreaterThanOrEqual(0);
        expect(Math.min(crop.width, crop.height)).toBeGreaterThanOrEqual(1);
        expect(crop.left + crop.width).toBeLessThanOrEqual(whole.width);
        expect(crop.top + crop.height).toBeLessThanOrEqual(whole.height);
      }
    }),
  );
});

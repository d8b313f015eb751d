/** Pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Rectangle extends Size {
  readonly left: number;
  readonly top: number;
}

/** What is done to a picture, in this order. */
export interface ThumbPlan {
  readonly cropFirst?: Rectangle;
  readonly resize?: Size;
  readonly cropLast?: Rectangle;
}

type Anchor = "center" | "top" | "bottom";

/** A picture whose width and height are at least this is cropped before it is resized. */
const CROPPED_FIRST = 100;

const SIZE = /^(\d+)x(\d+)([tbf])?$/;

/**
 * How a thumbnail of a size is made, with exactly the pixels that PocketBase's `disintegration/imaging` computes.
 *
 * @param size `WxH`, `WxHt` and `WxHb` fill the box and crop; `WxHf` fits inside; `Wx0` and `0xH` keep the ratio
 * @param picture as it is seen, after its orientation
 * @returns `undefined` if that is no size
 */
export function planThumb(size: string, picture: Size): ThumbPlan | undefined {
  const [, width, height, form] = SIZE.exec(size) ?? [];
  const box = { width: Number(width), height: Number(height) };
  if (!(box.width > 0 || box.height > 0)) return undefined;
  if (box.width === 0 || box.height === 0) return resizing(picture, withRatio(box, picture));
  if (form === "f") return fit(picture, box);
  return fill(picture, box, form === "t" ? "top" : form === "b" ? "bottom" : "center");
}

/** Computes the side that is 0. */
function withRatio({ width, height }: Size, picture: Size): Size {
  if (width === 0) return { width: Math.max(1, Math.floor((height * picture.width) / picture.height + 0.5)), height };
  if (height === 0) return { width, height: Math.max(1, Math.floor((width * picture.height) / picture.width + 0.5)) };
  return { width, height };
}

const resizing = (picture: Size, resize: Size): ThumbPlan => (isSame(picture, resize) ? {} : { resize });

function fit(picture: Size, box: Size): ThumbPlan {
  if (picture.width <= box.width && picture.height <= box.height) return {};
  const ratio = picture.width / picture.height;
  const inside =
    ratio > box.width / box.height
      ? { width: box.width, height: Math.trunc(box.width / ratio) }
      : { width: Math.trunc(box.height * ratio), height: box.height };
  return resizing(picture, withRatio(inside, picture));
}

function fill(picture: Size, box: Size, anchor: Anchor): ThumbPlan {
  if (isSame(picture, box)) return {};
  const isTall = picture.width / picture.height < box.width / box.height;
  if (picture.width >= CROPPED_FIRST && picture.height >= CROPPED_FIRST) {
    const part = isTall
      ? { width: picture.width, height: Math.trunc(Math.max(1, (picture.width * box.height) / box.width) + 0.5) }
      : { width: Math.trunc(Math.max(1, (picture.height * box.width) / box.height) + 0.5), height: picture.height };
    const cropFirst = cropped(picture, part, anchor);
    return { ...(!isSame(cropFirst, picture) && { cropFirst }), ...resizing(cropFirst, box) };
  }
  const resize = withRatio(isTall ? { width: box.width, height: 0 } : { width: 0, height: box.height }, picture);
  const cropLast = cropped(resize, box, anchor);
  return { ...resizing(picture, resize), ...(!isSame(cropLast, resize) && { cropLast }) };
}

/** The part of the picture that is inside a box at its anchor. */
function cropped(picture: Size, box: Size, anchor: Anchor): Rectangle {
  const left = Math.trunc((picture.width - box.width) / 2);
  const free = picture.height - box.height;
  const top = anchor === "top" ? 0 : anchor === "bottom" ? free : Math.trunc(free / 2);
  const right = Math.min(picture.width, left + box.width);
  const bottom = Math.min(picture.height, top + box.height);
  const [x, y] = [Math.max(0, left), Math.max(0, top)];
  return { left: x, top: y, width: right - x, height: bottom - y };
}

const isSame = (a: Size, b: Size): boolean => a.width === b.width && a.height === b.height;

/** The most pixels that the plan has at once, besides those of the picture. */
export const pixelsOf = ({ resize }: ThumbPlan): number => (resize ? resize.width * resize.height : 0);

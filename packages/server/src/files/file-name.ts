import { LOWER_ALPHANUMERIC, randomText } from "../lib/random.ts";
import { trimCharacters } from "../lib/text/trim.ts";

/**
 * The name under which an uploaded file is stored: a safe form of its own name, ten random characters that make it hard
 * to guess, and its extension. The rules are exactly PocketBase's.
 *
 * @param original the client's file name
 * @param sniffedExtension with its dot; used if the name has none
 */
export function newFileName(original: string, sniffedExtension: string): string {
  const name = lastBytes(original, MAX_ORIGINAL);
  const ownExtension = extensionOf(name);
  const stem = snakeCase(trimDots(name.slice(0, name.length - ownExtension.length)));
  const base = stem.length < MIN_STEM ? stem + random() : stem.slice(0, MAX_STEM);
  return `${base}_${random()}${cleanExtension(ownExtension) ?? sniffedExtension}`;
}

const MAX_ORIGINAL = 300;
const MIN_STEM = 3;
const MAX_STEM = 100;
const MAX_EXTENSION = 20;

const random = (): string => randomText(10, LOWER_ALPHANUMERIC);

const lastBytes = (text: string, count: number): string => Buffer.from(text).subarray(-count).toString();

const trimDots = (text: string): string => trimCharacters(text, ".");

/** `.txt`, and both parts of `.tar.gz`. */
function extensionOf(name: string): string {
  const last = name.lastIndexOf(".");
  if (last < 0) return "";
  const before = last === 0 ? -1 : name.lastIndexOf(".", last - 1);
  return name.slice(before < 0 ? last : before);
}

function cleanExtension(extension: string): string | undefined {
  const clean = trimDots(extension.replaceAll(/[^\w.*\-+=#]+/g, ""));
  if (clean === "") return undefined;
  return clean.length < MAX_EXTENSION ? `.${clean}` : `.${trimDots(clean.slice(-MAX_EXTENSION))}`;
}

/**
 * Keeps ASCII letters, digits and single underscores. An upper-case letter starts a word unless it follows another one.
 */
const snakeCase = (text: string): string =>
  text
    .split(/[\W_]+/)
    .filter((word) => word !== "")
    .map((word) => word.replaceAll(/(?<=[^A-Z])[A-Z]/g, "_$&"))
    .join("_")
    .toLowerCase();

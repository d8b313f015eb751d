import type { ErrorData, ValidationError } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { problems, REQUIRED } from "../../lib/validators.ts";
import type { SentRequest } from "./batch-form.ts";

const METHODS: ReadonlySet<string> = new Set(["GET", "POST", "PUT", "PATCH", "DELETE"]);
/** Bytes. */
const MAX_URL = 2_000;

/** The problems of a batch as PocketBase finds them; `undefined` if there are none. */
export function batchProblems(requests: readonly SentRequest[], max: number): ErrorData | undefined {
  if (requests.length === 0) return { requests: REQUIRED };
  if (requests.length > max) return { requests: tooLong(max) };
  const found = problems(
    Object.fromEntries(requests.map((request, index) => [String(index), requestProblems(request)])),
  );
  return found && { requests: found };
}

const requestProblems = ({ method, url }: SentRequest): ErrorData | undefined =>
  problems({
    method:
      method === ""
        ? REQUIRED
        : METHODS.has(method)
          ? undefined
          : invalid("validation_in_invalid", "Must be a valid value."),
    url: url === "" ? REQUIRED : Buffer.byteLength(url) > MAX_URL ? tooLong(MAX_URL) : undefined,
  });

const tooLong = (max: number): ValidationError =>
  invalid("validation_length_too_long", `The length must be no more than ${max}.`, { max, min: 0 });

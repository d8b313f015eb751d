import { badRequest } from "../../lib/api-error.ts";

export interface ListParams {
  readonly page: number;
  readonly perPage: number;
  readonly skipTotal: boolean;
  readonly sort: string;
  readonly filter: string;
}

const DEFAULT_PER_PAGE = 30;
const MAX_PER_PAGE = 1000;

/**
 * Reads the parameters of a list. A number that is missing, empty or not above zero takes its default.
 *
 * @throws ApiError 400 for an unreadable number or boolean
 */
export function parseListParams(query: Readonly<Record<string, string>>): ListParams {
  const page = readInteger(query["page"]);
  const perPage = readInteger(query["perPage"]);
  return {
    page: page > 0 ? page : 1,
    perPage: perPage > 0 ? Math.min(perPage, MAX_PER_PAGE) : DEFAULT_PER_PAGE,
    skipTotal: readBoolean(query["skipTotal"]),
    sort: query["sort"] ?? "",
    filter: query["filter"] ?? "",
  };
}

function readInteger(text = ""): number {
  if (text === "") return 0;
  const number = Number(text);
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(number)) throw badRequest();
  return number;
}

/** Accepts what Go's `strconv.ParseBool` accepts. */
function readBoolean(text = ""): boolean {
  if (/^(?:1|t|T|true|TRUE|True)$/.test(text)) return true;
  if (text === "" || /^(?:0|f|F|false|FALSE|False)$/.test(text)) return false;
  throw badRequest();
}

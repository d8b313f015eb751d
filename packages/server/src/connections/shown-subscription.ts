import { NO_OPTIONS, type Subscription } from "@headwater/protocol";
import { shownParameter } from "../http/logged-url.ts";

/** The longest that is shown, in characters. */
const MAX_SHOWN = 500;

/**
 * A subscription as diagnostics show it: what it is about and what it filters by, but none of the values of its options
 * that may be secrets, such as tokens in headers.
 */
export function shownSubscription({ label, options }: Subscription): string {
  const at = label.search(/[?&]options=/);
  const about = cut((at === -1 ? label : label.slice(0, at)).replaceAll(/([=?]).*/gs, "$1***"));
  if (options === NO_OPTIONS) return at === -1 ? about : `${about}?options=***`;
  const query = Object.entries(options.query).map(([key, value]) => [key, shownParameter(key, value)]);
  const headers = Object.keys(options.headers).map((key) => [key, "***"]);
  const shown = {
    ...(query.length > 0 && { query: Object.fromEntries(query) }),
    ...(headers.length > 0 && { headers: Object.fromEntries(headers) }),
  };
  return cut(`${about}?options=${JSON.stringify(shown)}`);
}

const cut = (text: string): string => (text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text);

import { invalid } from "../../lib/api-error.ts";
import { toText } from "../../lib/text/coerce.ts";
import { REQUIRED } from "../../lib/validators.ts";
import { isUrl, urlHost } from "../../lib/text/formats.ts";
import { checkDomainLists, isDomainAllowed, parseDomainLists } from "./domain-lists.ts";
import type { FieldKind } from "./field-kind.ts";
import { textStorage } from "./text-storage.ts";

export const urlKind: FieldKind<"url"> = {
  type: "url",
  parse: parseDomainLists,
  checkOptions: checkDomainLists,
  ...textStorage,
  check: (field, value) => {
    const url = toText(value);
    if (url === "") return field.required ? REQUIRED : undefined;
    if (!isUrl(url)) return invalid("validation_invalid_url", "Must be a valid url.");
    if (!isDomainAllowed(field, urlHost(url)))
      return invalid("validation_url_domain_not_allowed", "Url domain is not allowed.");
    return undefined;
  },
};

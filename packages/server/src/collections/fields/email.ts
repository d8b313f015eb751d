import { invalid } from "../../lib/api-error.ts";
import { toText } from "../../lib/cast.ts";
import { REQUIRED } from "../../lib/checks.ts";
import { isEmail } from "../../lib/formats.ts";
import { checkDomainLists, isDomainAllowed, parseDomainLists } from "./domain-lists.ts";
import type { FieldKind } from "./kind.ts";
import { storedText } from "./stored-text.ts";

export const emailKind: FieldKind<"email"> = {
  type: "email",
  parse: parseDomainLists,
  checkOptions: checkDomainLists,
  ...storedText,
  check: (field, value) => {
    const email = toText(value);
    if (email === "") return field.required ? REQUIRED : undefined;
    if (!isEmail(email)) return invalid("validation_is_email", "Must be a valid email address.");
    if (!isDomainAllowed(field, email.slice(email.lastIndexOf("@") + 1)))
      return invalid("validation_email_domain_not_allowed", "Email domain is not allowed.");
    return undefined;
  },
};

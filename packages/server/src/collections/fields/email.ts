import { invalid } from "../../lib/api-error.ts";
import { toText } from "../../lib/text/coerce.ts";
import { REQUIRED } from "../../lib/validators.ts";
import { isEmail } from "../../lib/text/formats.ts";
import { checkDomainLists, isDomainAllowed, parseDomainLists } from "./domain-lists.ts";
import type { FieldKind } from "./field-kind.ts";
import { textStorage } from "./text-storage.ts";

export const emailKind: FieldKind<"email"> = {
  type: "email",
  parse: parseDomainLists,
  checkOptions: checkDomainLists,
  ...textStorage,
  check: (field, value) => {
    const email = toText(value);
    if (email === "") return field.required ? REQUIRED : undefined;
    if (!isEmail(email)) return invalid("validation_is_email", "Must be a valid email address.");
    if (!isDomainAllowed(field, email.slice(email.lastIndexOf("@") + 1)))
      return invalid("validation_email_domain_not_allowed", "Email domain is not allowed.");
    return undefined;
  },
};

/** The key of a record's version in answers and events. No field has such a name. */
export const VERSION_KEY = "@version";

/** The parameter of a request or subscription that asks for the versions of records. */
export const VERSION_PARAMETER = "withVersion";

/** Does a request or subscription ask for the versions of records? */
export const asksForVersion = ({ [VERSION_PARAMETER]: asked = "" }: Readonly<Record<string, string>>): boolean =>
  asked === "1" || asked === "true";

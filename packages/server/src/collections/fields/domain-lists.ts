import { domain, each, mustBeBlank } from "../../lib/validators.ts";
import { readTexts, type JsonObject } from "./decode-json.ts";
import type { OptionProblems } from "./field-kind.ts";

/** Allowed or forbidden domains: an email or url field may have one of the lists. */
export interface DomainLists {
  readonly exceptDomains: readonly string[];
  readonly onlyDomains: readonly string[];
}

export const parseDomainLists = (raw: JsonObject): DomainLists => ({
  exceptDomains: readTexts(raw, "exceptDomains"),
  onlyDomains: readTexts(raw, "onlyDomains"),
});

export const checkDomainLists = ({ exceptDomains, onlyDomains }: DomainLists): OptionProblems => ({
  exceptDomains: onlyDomains.length > 0 ? mustBeBlank(exceptDomains) : each(exceptDomains, domain),
  onlyDomains: exceptDomains.length > 0 ? mustBeBlank(onlyDomains) : each(onlyDomains, domain),
});

/** The comparison is case-sensitive. */
export const isDomainAllowed = ({ exceptDomains, onlyDomains }: DomainLists, name: string): boolean =>
  (onlyDomains.length === 0 || onlyDomains.includes(name)) && !exceptDomains.includes(name);

import { forbidden } from "../lib/api-error.ts";
import { isSuperuser, type Principal } from "../rules/principal.ts";
import { isListed } from "../settings/address-list.ts";
import type { CurrentSettings } from "../settings/current-settings.ts";

interface SettingsContext {
  readonly settings: CurrentSettings;
}

/** May this principal act from this address? The setting `superuserIPs` limits superusers. */
export function mayActFrom(address: string, principal: Principal, { settings }: SettingsContext): boolean {
  const { superuserIPs } = settings.current;
  return superuserIPs.length === 0 || !isSuperuser(principal) || isListed(superuserIPs, address);
}

/** @throws ApiError 403 for a superuser at an address that is not listed */
export function assertMayActFrom(address: string, principal: Principal, context: SettingsContext): void {
  if (!mayActFrom(address, principal, context)) throw forbidden();
}

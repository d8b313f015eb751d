import list from "./oauth2-provider-list.json" with { type: "json" };

/** An OAuth2 provider that a collection may use, as PocketBase describes it; the logo is an SVG image. */
export interface OAuth2Provider {
  readonly name: string;
  readonly displayName: string;
  readonly logo: string;
}

/** In the order in which the dashboard shows them. Recorded from a stock PocketBase. */
export const OAUTH2_PROVIDER_LIST: readonly OAuth2Provider[] = list;

export const OAUTH2_PROVIDERS: ReadonlySet<string> = new Set(list.map(({ name }) => name));

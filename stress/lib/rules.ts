/** A record's values in the log. */
export type Values = Readonly<Record<string, unknown>>;

export interface Viewer {
  readonly kind: "guest" | "user" | "superuser";
  /** The auth record; empty for a guest. */
  readonly auth: Values;
}

/** The other stored records, for rules that read more than the evaluated record. */
export interface Stored {
  record(collection: string, id: unknown): Values | undefined;
  all(collection: string): readonly Values[];
}

/** A rule's text for the server, and its meaning, written by hand without using the server's code. */
export interface Rule {
  readonly text: string | null;
  readonly allows: (record: Values, viewer: Viewer, stored: Stored) => boolean;
}

const isSignedIn = ({ kind }: Viewer): boolean => kind !== "guest";

export const EVERYBODY: Rule = { text: "", allows: () => true };

/** Superusers still see everything: rules do not apply to them. */
export const NOBODY: Rule = { text: null, allows: () => false };

export const SIGNED_IN: Rule = { text: "@request.auth.id != ''", allows: (_, viewer) => isSignedIn(viewer) };

export const OWNER: Rule = {
  text: "@request.auth.id != '' && owner = @request.auth.id",
  allows: ({ owner }, viewer) => isSignedIn(viewer) && owner === viewer.auth["id"],
};

/** Reads a field of the auth record that changes while its owner is connected. */
export const CREW: Rule = {
  text: "crew != '' && crew = @request.auth.name",
  allows: ({ crew }, viewer) => crew !== "" && isSignedIn(viewer) && crew === viewer.auth["name"],
};

/** Follows a relation of the record. */
export const MEMBER: Rule = {
  text: "@request.auth.id != '' && room.members.id ?= @request.auth.id",
  allows: ({ room }, viewer, stored) => {
    const members = stored.record("rooms", room)?.["members"];
    return isSignedIn(viewer) && Array.isArray(members) && members.includes(viewer.auth["id"]);
  },
};

/** Reads an unrelated collection. */
export const PASS_HOLDER: Rule = {
  text: "@request.auth.id != '' && @collection.passes.holder ?= @request.auth.id",
  allows: (_, viewer, stored) =>
    isSignedIn(viewer) && stored.all("passes").some(({ holder }) => holder === viewer.auth["id"]),
};

export const OPEN: Rule = { text: "open = true", allows: ({ open }) => open === true };

/** Filters used in subscriptions. */
export const LARGE: Rule = { text: "size > 50", allows: ({ size }) => Number(size) > 50 };
export const HAS_X: Rule = { text: "title ~ 'x'", allows: ({ title }) => String(title).toLowerCase().includes("x") };
export const OPEN_OR_SMALL: Rule = {
  text: "open = true || size < 10",
  allows: ({ open, size }) => open === true || Number(size) < 10,
};

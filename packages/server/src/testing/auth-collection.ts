/** A request body that creates an auth collection whose users sign in by email or by nick, in any letter case. */
export const authCollection = (name: string, more: object): Record<string, unknown> => ({
  name,
  type: "auth",
  fields: [{ type: "text", name: "nick" }],
  indexes: [
    `CREATE UNIQUE INDEX nick_${name} ON ${name} (nick COLLATE NOCASE)`,
    `CREATE UNIQUE INDEX key_${name} ON ${name} (tokenKey)`,
    `CREATE UNIQUE INDEX mail_${name} ON ${name} (email) WHERE email != ''`,
  ],
  passwordAuth: { enabled: true, identityFields: ["nick", "email"] },
  ...more,
});

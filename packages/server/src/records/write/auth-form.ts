import type { ErrorData, RecordValues, ValidationError } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { toText } from "../../lib/coerce.ts";
import { problems, required, sameAs } from "../../lib/validators.ts";
import type { Body } from "../model/resolve-body.ts";

/** What a form for an auth record holds and who sends it. */
export interface AuthForm {
  readonly body: Body;
  /** The record as it is stored; `undefined` for a new one. */
  readonly before: RecordValues | undefined;
  readonly after: RecordValues;
  /** May set what else only the server sets: a superuser, or whom the manage rule allows. */
  readonly canManage: boolean;
  /** `oldPassword` is that of the stored record. */
  readonly knowsPassword: boolean;
  /** The server chose the password, so nobody can confirm it. */
  readonly passwordIsRandom: boolean;
}

/**
 * The rules for forms of auth collections, which come before those of the fields (PocketBase's `RecordUpsert`).
 * An email and `verified` are proofs, so their owners can't just set them; a password is changed by who knows it.
 */
export function checkAuthForm(form: AuthForm): ErrorData | undefined {
  const { body, before, after, canManage } = form;
  const password = toText(body["password"]);
  const confirm = toText(body["passwordConfirm"]);
  const old = toText(body["oldPassword"]);
  const isNew = before === undefined;
  const checked: Record<string, ValidationError | undefined> = {
    email: isNew || canManage ? undefined : sameAs(after["email"], before["email"]),
    verified: canManage ? undefined : sameAs(after["verified"], before?.["verified"] ?? false),
  };
  if (form.passwordIsRandom) return problems(checked);
  return problems({
    ...checked,
    password: isNew || confirm !== "" || old !== "" ? required(password) : undefined,
    passwordConfirm:
      (isNew || password !== "" || old !== "" ? required(confirm) : undefined) ?? sameAs(confirm, password),
    oldPassword: !isNew && !canManage && (password !== "" || confirm !== "") ? checkOld(old, form) : undefined,
  });
}

const checkOld = (old: string, { knowsPassword }: AuthForm): ValidationError | undefined =>
  required(old) ??
  (knowsPassword ? undefined : invalid("validation_invalid_old_password", "Missing or invalid old password."));

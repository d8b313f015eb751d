import type { ErrorData, RecordValues, ValidationError } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { toText } from "../../lib/text/coerce.ts";
import { problems, required, sameAs } from "../../lib/validators.ts";
import type { RecordBody } from "../model/apply-modifiers.ts";

/** A write of an auth record, and what its requester may do. */
export interface AuthSubmission {
  readonly body: RecordBody;
  /** The stored record; `undefined` for a new one. */
  readonly before: RecordValues | undefined;
  readonly after: RecordValues;
  /** May the requester set what otherwise only the server sets? Superusers may, and so may users who meet the manage rule. */
  readonly canManage: boolean;
  /** Does `oldPassword` match the stored record? */
  readonly knowsPassword: boolean;
  /** Did the server choose the password? Then nobody can confirm it. */
  readonly passwordIsRandom: boolean;
}

/**
 * The validation of writes to auth collections, which precedes that of the fields (PocketBase's `RecordUpsert`). An email
 * and `verified` need proof, so users can't just set them, and only a user who knows the password can change it.
 */
export function validateAuthSubmission(submission: AuthSubmission): ErrorData | undefined {
  const { body, before, after, canManage } = submission;
  const password = toText(body["password"]);
  const confirm = toText(body["passwordConfirm"]);
  const old = toText(body["oldPassword"]);
  const isNew = before === undefined;
  const checked: Record<string, ValidationError | undefined> = {
    email: isNew || canManage ? undefined : sameAs(after["email"], before["email"]),
    verified: canManage ? undefined : sameAs(after["verified"], before?.["verified"] ?? false),
  };
  if (submission.passwordIsRandom) return problems(checked);
  return problems({
    ...checked,
    password: isNew || confirm !== "" || old !== "" ? required(password) : undefined,
    passwordConfirm:
      (isNew || password !== "" || old !== "" ? required(confirm) : undefined) ?? sameAs(confirm, password),
    oldPassword:
      !isNew && !canManage && (password !== "" || confirm !== "") ? validateOldPassword(old, submission) : undefined,
  });
}

const validateOldPassword = (old: string, { knowsPassword }: AuthSubmission): ValidationError | undefined =>
  required(old) ??
  (knowsPassword ? undefined : invalid("validation_invalid_old_password", "Missing or invalid old password."));

import type { ErrorData, ValidationError } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { between, byteLength, problems, required } from "../../lib/validators.ts";
import type { AuthOptions, EmailTemplate, TokenOptions } from "../model/auth-options.ts";
import type { CollectionDraft } from "../model/collection-draft.ts";
import { hasUniqueIndex } from "../model/index-definition.ts";
import { oauth2Problems } from "./validate-oauth2.ts";
import { ruleProblem } from "./validate-rule.ts";
import type { ValidationContext } from "./validation-context.ts";

/** Checks an auth collection's options. Checks that involve several options run only if the others pass. */
export const authProblems = (draft: CollectionDraft, context: ValidationContext): ErrorData =>
  optionProblems(draft, context) ?? mfaProblems(draft, context) ?? identityProblems(draft) ?? {};

function optionProblems(draft: CollectionDraft, context: ValidationContext): ErrorData | undefined {
  const { auth } = draft;
  const before = context.original?.type === "auth" ? context.original.auth : undefined;
  return problems({
    authRule: ruleProblem(draft, context, auth.authRule, before?.authRule),
    manageRule:
      (auth.manageRule === "" ? MUST_NOT_BE_EMPTY : undefined) ??
      ruleProblem(draft, context, auth.manageRule, before?.manageRule),
    authAlert: templateProblemsIn(auth.authAlert.emailTemplate),
    passwordAuth: passwordAuthProblems(auth.passwordAuth),
    oauth2: oauth2Problems(auth.oauth2),
    otp: otpProblems(auth.otp),
    mfa: auth.mfa.enabled ? problems({ duration: lifetimeProblem(auth.mfa.duration) }) : undefined,
    authToken: tokenProblems(auth.authToken),
    passwordResetToken: tokenProblems(auth.passwordResetToken),
    emailChangeToken: tokenProblems(auth.emailChangeToken),
    verificationToken: tokenProblems(auth.verificationToken),
    fileToken: tokenProblems(auth.fileToken),
    verificationTemplate: templateProblems(auth.verificationTemplate),
    resetPasswordTemplate: templateProblems(auth.resetPasswordTemplate),
    confirmEmailChangeTemplate: templateProblems(auth.confirmEmailChangeTemplate),
  });
}

const MUST_NOT_BE_EMPTY = invalid("validation_nil_or_not_empty_required", "Cannot be blank.");

const templateProblems = ({ subject, body }: EmailTemplate): ErrorData | undefined =>
  problems({ subject: required(subject), body: required(body) });

const templateProblemsIn = (template: EmailTemplate): ErrorData | undefined =>
  problems({ emailTemplate: templateProblems(template) });

const passwordAuthProblems = ({ enabled, identityFields }: AuthOptions["passwordAuth"]): ErrorData | undefined =>
  enabled ? problems({ identityFields: required(identityFields) }) : undefined;

const otpProblems = ({ enabled, duration, length, emailTemplate }: AuthOptions["otp"]): ErrorData | undefined =>
  problems({
    duration: enabled ? lifetimeProblem(duration) : undefined,
    length: enabled ? (required(length) ?? between(length, 4, Number.MAX_SAFE_INTEGER)) : undefined,
    emailTemplate: templateProblems(emailTemplate),
  });

const ONE_DAY = 86_400;
const THREE_YEARS = 94_670_856;

/** Seconds. */
const lifetimeProblem = (duration: number, max = ONE_DAY): ValidationError | undefined =>
  required(duration) ?? between(duration, 10, max);

const tokenProblems = ({ secret, duration }: TokenOptions): ErrorData | undefined =>
  problems({
    secret: required(secret) ?? byteLength(secret, 30, 255),
    duration: lifetimeProblem(duration, THREE_YEARS),
  });

function mfaProblems(draft: CollectionDraft, context: ValidationContext): ErrorData | undefined {
  const { mfa, passwordAuth, oauth2, otp } = draft.auth;
  if (!mfa.enabled) return undefined;
  const ways = [passwordAuth, oauth2, otp].filter(({ enabled }) => enabled).length;
  if (ways < 2) {
    const message = "MFA requires at least 2 auth methods to be enabled.";
    return { mfa: { enabled: invalid("validation_mfa_not_enough_auths", message) } };
  }
  if (mfa.rule === "") return undefined;
  const before = context.original?.type === "auth" ? context.original.auth.mfa.rule : undefined;
  const rule = ruleProblem(draft, context, mfa.rule, before);
  return rule && { mfa: { rule } };
}

/** An identity field must be unique, because sign-in finds the record by it. */
function identityProblems(draft: CollectionDraft): ErrorData | undefined {
  const { enabled, identityFields } = draft.auth.passwordAuth;
  if (!enabled) return undefined;
  for (const fieldName of identityFields) {
    const problem = identityProblem(draft, fieldName);
    if (problem) return { passwordAuth: { identityFields: problem } };
  }
  return undefined;
}

function identityProblem(draft: CollectionDraft, fieldName: string): ValidationError | undefined {
  if (!draft.fields.some(({ name }) => name === fieldName))
    return invalid("validation_missing_field", `Invalid or missing field ${fieldName}`, { fieldName });
  if (hasUniqueIndex(draft, fieldName)) return undefined;
  const message = `The field ${fieldName} doesn't have a UNIQUE constraint.`;
  return invalid("validation_missing_unique_constraint", message, { fieldName });
}

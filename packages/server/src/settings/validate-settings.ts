import type { ErrorData, ValidationError } from "@headwater/protocol";
import { invalid } from "../lib/api-error.ts";
import { cronProblem } from "../lib/text/cron.ts";
import { isEmail, isHost, isUrl } from "../lib/text/formats.ts";
import { atLeast, byteLength, each, matches, oneOf, problems, REQUIRED, required } from "../lib/validators.ts";
import { isAddressOrSubnet } from "./address-list.ts";
import type { RateLimitRule, S3Settings, Settings } from "./settings.ts";

type Problem = ValidationError | undefined;

/** The problems of settings by their place, as PocketBase finds them; `undefined` if there are none. */
export function settingsProblems(settings: Settings): ErrorData | undefined {
  return problems({
    superuserIPs: each(settings.superuserIPs, address),
    smtp: smtpProblems(settings.smtp),
    backups: backupsProblems(settings.backups),
    s3: s3Problems(settings.s3),
    meta: metaProblems(settings.meta),
    rateLimits: rateLimitsProblems(settings.rateLimits),
    batch: batchProblems(settings.batch),
    logs: problems({ maxDays: atLeast(settings.logs.maxDays, 0), maxDataSize: atLeast(settings.logs.maxDataSize, 0) }),
  });
}

const smtpProblems = ({ enabled, host, port, authMethod, localName }: Settings["smtp"]): ErrorData | undefined =>
  problems({
    host: requiredIf(enabled, host) ?? hostName(host),
    port: requiredIf(enabled, port) ?? atLeast(port, 0),
    authMethod: oneOf(authMethod, ["LOGIN", "PLAIN"]),
    localName: hostName(localName),
  });

function backupsProblems({ cron, cronMaxKeep, s3 }: Settings["backups"]): ErrorData | undefined {
  const problem = cron === "" ? undefined : cronProblem(cron);
  return problems({
    s3: s3Problems(s3),
    cron: problem === undefined ? undefined : invalid("validation_invalid_cron", problem),
    cronMaxKeep: requiredIf(cron !== "", cronMaxKeep) ?? atLeast(cronMaxKeep, 1),
  });
}

const s3Problems = ({ enabled, endpoint, bucket, region, accessKey, secret }: S3Settings): ErrorData | undefined =>
  problems({
    endpoint: url(endpoint) ?? requiredIf(enabled, endpoint),
    bucket: requiredIf(enabled, bucket),
    region: requiredIf(enabled, region),
    accessKey: requiredIf(enabled, accessKey),
    secret: requiredIf(enabled, secret),
  });

const metaProblems = (meta: Settings["meta"]): ErrorData | undefined =>
  problems({
    accentColor: sevenBytes(meta.accentColor) ?? hexColor(meta.accentColor),
    appName: required(meta.appName) ?? byteLength(meta.appName, 1, 255),
    appURL: required(meta.appURL) ?? url(meta.appURL),
    senderName: required(meta.senderName) ?? byteLength(meta.senderName, 1, 255),
    senderAddress: email(meta.senderAddress) ?? required(meta.senderAddress),
  });

const rateLimitsProblems = ({ enabled, rules, excludedIPs }: Settings["rateLimits"]): ErrorData | undefined =>
  problems({
    rules:
      enabled && rules.length === 0
        ? REQUIRED
        : (problems(Object.fromEntries(rules.map((rule, index) => [String(index), ruleProblems(rule)]))) ??
          conflictingRule(rules)),
    excludedIPs: each(excludedIPs, address),
  });

/** A tag, `collection:tag`, a path, or a method and a path. */
const LABEL = /^(?:\w+ \/[\w/-]*|\/[\w/-]*|\w+:\w+|\*:\w+|\w+)$/;

const ruleProblems = ({ label, maxRequests, duration, audience }: RateLimitRule): ErrorData | undefined =>
  problems({
    label: required(label) ?? matches(label, LABEL),
    maxRequests: required(maxRequests) ?? atLeast(maxRequests, 1),
    duration: required(duration) ?? atLeast(duration, 1),
    audience: oneOf(audience, ["@guest", "@auth"]),
  });

/** The first rule with the label of an earlier one, for the same clients or for all. */
function conflictingRule(rules: readonly RateLimitRule[]): ErrorData | undefined {
  const earlier = new Map<string, Set<string>>();
  for (const [index, { label, audience }] of rules.entries()) {
    const audiences = earlier.get(label) ?? new Set();
    if (audiences.size > 0 && (audience === "" || audiences.has("") || audiences.has(audience))) {
      const message = `Rate limit rule configuration with label ${label} already exists or conflicts with another rule.`;
      return { [index]: { label: invalid("validation_conflicting_rate_limit_rule", message, { label }) } };
    }
    earlier.set(label, audiences.add(audience));
  }
  return undefined;
}

const batchProblems = ({ enabled, maxRequests, timeout, maxBodySize }: Settings["batch"]): ErrorData | undefined =>
  problems({
    maxRequests: requiredIf(enabled, maxRequests) ?? atLeast(maxRequests, 0),
    timeout: requiredIf(enabled, timeout) ?? atLeast(timeout, 0),
    maxBodySize: atLeast(maxBodySize, 0),
  });

const requiredIf = (isRequired: boolean, value: unknown): Problem => (isRequired ? required(value) : undefined);

const address = (value: string): Problem =>
  value === ""
    ? REQUIRED
    : isAddressOrSubnet(value)
      ? undefined
      : invalid("validation_invlaid_ip_or_subnet", "Invalid IP or CIDR subnet.");

const hostName = (value: string): Problem =>
  value === "" || isHost(value) ? undefined : invalid("validation_is_host", "Must be a valid IP address or DNS name.");

const url = (value: string): Problem =>
  value === "" || isUrl(value) ? undefined : invalid("validation_is_url", "Must be a valid URL.");

const email = (value: string): Problem =>
  value === "" || isEmail(value) ? undefined : invalid("validation_is_email", "Must be a valid email address.");

const sevenBytes = (value: string): Problem =>
  value === "" || Buffer.byteLength(value) === 7
    ? undefined
    : invalid("validation_length_invalid", "The length must be exactly 7.", { max: 7, min: 7 });

const hexColor = (value: string): Problem =>
  value === "" || /^#?(?:[\da-f]{3}|[\da-f]{6})$/i.test(value)
    ? undefined
    : invalid("validation_is_hex_color", "Must be a valid hexadecimal color code.");

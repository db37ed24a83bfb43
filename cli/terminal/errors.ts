import { ConfigurationError } from "../../configuration/define";

/** Exit codes other than 0, which means success. */
export const exitCodes = { failed: 1, usage: 2, unknown: 3, detached: 130 } as const;

/** An error that the user can act on; its message needs no stack trace. */
export class CliError extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The command cannot do what was requested; it has changed nothing. */
export class UsageError extends CliError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, exitCodes.usage, options);
  }
}

/** The command tried what was requested and failed. */
export class FailedError extends CliError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, exitCodes.failed, options);
  }
}

/** The outcome is unknown: the execution continues, or AWS did not respond. */
export class OutcomeUnknownError extends CliError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, exitCodes.unknown, options);
  }
}

/** The user stopped waiting; the execution continues. */
export class DetachedError extends CliError {
  constructor(message: string) {
    super(message, exitCodes.detached);
  }
}

const newLogin =
  "log in, for example with `aws sso login`, and name the profile in AWS_PROFILE or as profile in config.ts";

/** What is wrong with the caller's credentials, and what to do. */
export const credentialProblems = {
  none: `There are no AWS credentials: none in the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, in the AWS configuration files, or of a role of this machine. To use AWS, ${newLogin}. An emulator's are those that npm start -- --keep or npm run emulator printed. To try the workflow without AWS: npm start`,
  unusable: `The AWS credentials cannot be used: ${newLogin}`,
  expired: "The AWS credentials have expired: log in again, for example with `aws sso login`",
  denied:
    "The AWS credentials are valid but lack this permission: use others with profile or assumeRoleArn in config.ts, or let an administrator add it",
  unknown: `AWS does not know the access key: it was deleted, is of another partition or has a typo; ${newLogin}`,
} as const;

export type CredentialProblem = keyof typeof credentialProblems;

const credentialErrors: ReadonlyMap<string, CredentialProblem> = new Map([
  ["CredentialsProviderError", "unusable"],
  ["TokenProviderError", "unusable"],
  ["ExpiredToken", "expired"],
  ["ExpiredTokenException", "expired"],
  ["TokenRefreshRequired", "expired"],
  ["InvalidClientTokenId", "unknown"],
  ["InvalidAccessKeyId", "unknown"],
  ["UnrecognizedClientException", "unknown"],
  ["SignatureDoesNotMatch", "unusable"],
  ["AccessDenied", "denied"],
  ["AccessDeniedException", "denied"],
]);

function credentialProblem({ name, message }: Error): CredentialProblem | undefined {
  const problem = credentialErrors.get(name);
  return problem === "unusable" && message.includes("from any providers") ? "none" : problem;
}

/** Error codes of requests that did not reach AWS. */
const networkErrors = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "TimeoutError",
]);

/** Turns an error of the AWS SDK into one with a remedy; returns other errors unchanged. */
export function explain(error: unknown): unknown {
  if (error instanceof CliError || !(error instanceof Error)) return error;
  if (error instanceof ConfigurationError) return new UsageError(error.message, { cause: error });
  const { code } = error as { code?: string };
  const problem = credentialProblem(error);
  if (problem === "none") return new UsageError(credentialProblems.none, { cause: error });
  if (problem === "denied") {
    return new FailedError(
      `AWS refused the request: ${error.name}: ${error.message.replace(/\.$/, "")}. ${credentialProblems.denied}`,
      {
        cause: error,
      },
    );
  }
  if (problem !== undefined) {
    return new OutcomeUnknownError(`${credentialProblems[problem]} (${error.name}: ${error.message})`, {
      cause: error,
    });
  }
  if (networkErrors.has(code ?? error.name)) {
    return new OutcomeUnknownError(`Cannot reach AWS (${code ?? error.name}: ${error.message})`, {
      cause: error,
    });
  }
  if ("$metadata" in error)
    return new FailedError(`AWS refused the request: ${error.name}: ${error.message}`, { cause: error });
  return error;
}

/** Whether the error means that a resource does not exist; SageMaker has no separate error name for this. */
export function isMissing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === "ResourceNotFoundException" || error.message.includes("Could not find");
}

/** Ignores the error of a resource that no longer exists; throws any other error. */
export function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}

import { ConfigurationError } from "../../configuration/define";

/** What the exit code tells: 0 succeeded, and these. */
export const exitCodes = { failed: 1, usage: 2, unknown: 3, detached: 130 } as const;

/** An error that a person can act on; its message needs no stack trace. */
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

/** The command was asked for something that it can't do: nothing has happened. */
export class UsageError extends CliError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, exitCodes.usage, options);
  }
}

/** What was asked for was tried, and failed. */
export class FailedError extends CliError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, exitCodes.failed, options);
  }
}

/** Nobody knows yet how it ends: the execution goes on, or AWS could not be asked. */
export class OutcomeUnknownError extends CliError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, exitCodes.unknown, options);
  }
}

/** The person left while the execution goes on. */
export class DetachedError extends CliError {
  constructor(message: string) {
    super(message, exitCodes.detached);
  }
}

/** Errors by which AWS says that the caller's credentials are no good. */
const credentialErrors = new Set([
  "CredentialsProviderError",
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidClientTokenId",
  "UnrecognizedClientException",
  "TokenRefreshRequired",
]);

/** Errors by which a call says that it never reached AWS. */
const networkErrors = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "TimeoutError",
]);

/** Turns an error of the AWS SDK into one that says what to do; another error stays what it is. */
export function explain(error: unknown): unknown {
  if (error instanceof CliError || !(error instanceof Error)) return error;
  if (error instanceof ConfigurationError) return new UsageError(error.message, { cause: error });
  const { code } = error as { code?: string };
  if (credentialErrors.has(error.name)) {
    return new OutcomeUnknownError(
      `AWS does not accept the credentials (${error.name}: ${error.message}). Log in again, for instance with \`aws sso login\`, or set AWS_PROFILE`,
      { cause: error },
    );
  }
  if (networkErrors.has(code ?? error.name)) {
    return new OutcomeUnknownError(`AWS could not be reached (${code ?? error.name}: ${error.message})`, {
      cause: error,
    });
  }
  if ("$metadata" in error)
    return new FailedError(`AWS refused: ${error.name}: ${error.message}`, { cause: error });
  return error;
}

/** Whether AWS says that what was asked for is not there; SageMaker has no error name of its own for that. */
export function isMissing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === "ResourceNotFoundException" || error.message.includes("Could not find");
}

/** For what may be gone already: throws any other error. */
export function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}

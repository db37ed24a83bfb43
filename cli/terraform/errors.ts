import type { Environment } from "../account/environment";
import { credentialProblems } from "../terminal/errors";
import { stackFolder } from "./folders";

interface KnownError {
  /** Matches the error of Terraform, a provider or the S3 backend. */
  readonly pattern: RegExp;
  readonly explain: (match: RegExpExecArray, environment: Environment, output: string) => string;
}

const knownErrors: readonly KnownError[] = [
  {
    pattern: /Error acquiring the state lock/,
    explain: (_, { name }, output) => {
      const field = (key: string) =>
        new RegExp(`^\\s*${key}:\\s+(\\S.*)`, "m").exec(output)?.[1]?.trim() ?? "unknown";
      const stack = /Path:\s+\S*?([\w-]+)\/terraform\.tfstate/.exec(output)?.[1] ?? `${name}-pipeline`;
      return `The state of ${stack} is locked by ${field("Who")} since ${field("Created")} (${field("Operation")}). Wait until that operation has ended. If it was killed and no one is deploying ${name}, release the lock with terraform -chdir=${stackFolder(name, stack)} force-unlock ${field("ID")}`;
    },
  },
  {
    pattern: /S3 bucket "?([\w.-]+)"? does not exist|NoSuchBucket/,
    explain: (_, { name, config }) =>
      `The state bucket ${config.stateBucket} of environment ${name} does not exist: create it with npm run bootstrap -- ${name}`,
  },
  {
    pattern: /AWS account ID not allowed: (\d+)/i,
    explain: ([, account], { name, config }) =>
      `The credentials must be for account ${config.account} of environment ${name}, got account ${account}. Nothing was changed`,
  },
  {
    pattern:
      /Failed to query available provider packages|Failed to install provider|Could not retrieve the list of available versions|Inconsistent dependency lock file/,
    explain: () =>
      "Terraform could not install its providers. It downloads them from registry.terraform.io, or from the mirror configured in the file that TF_CLI_CONFIG_FILE names (https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation). Nothing was changed",
  },
  {
    pattern: /BucketAlreadyExists|BucketAlreadyOwnedByYou|bucket already exists/i,
    explain: (_, { name, config }) =>
      `The bucket name ${config.bucketName === undefined ? "" : `${config.bucketName} `}is taken, because all accounts share bucket names: set another bucketName in config.ts for environment ${name}, or omit it for a unique one, and deploy again`,
  },
  {
    pattern: /BucketNotEmpty/,
    explain: (_, { name }) =>
      `The artifact bucket must be empty: empty it, or let Terraform do so: set forceDestroy of environment ${name} in config.ts, deploy, and destroy again`,
  },
  { pattern: /ExpiredToken|security token .* is expired/i, explain: () => credentialProblems.expired },
  {
    pattern: /AccessDenied(?:Exception)?: [^:]*(?::[^:]*){0,8}is not authorized to perform: [\w:-]+/,
    explain: ([denied]) => `AWS refused the request: ${denied}. ${credentialProblems.denied}`,
  },
  {
    pattern: /InvalidClientTokenId|InvalidAccessKeyId|security token .* is invalid/i,
    explain: () => credentialProblems.unknown,
  },
  // Terraform says so of expired sessions of single sign-on, too.
  {
    pattern: /No valid credential sources|failed to refresh cached credentials/i,
    explain: (_, __, output) =>
      /\bSSO\b/i.test(output) ? credentialProblems.unusable : credentialProblems.none,
  },
  {
    pattern:
      /EntityAlreadyExists|ResourceAlreadyExistsException|ResourceConflictException: Function already exist|StateMachineAlreadyExists/,
    explain: (_, { name }) =>
      `A resource of environment ${name} already exists but is not in Terraform's state (see above), because it was created manually or with another state: remove it, or import it with terraform import`,
  },
];

/** Explains an error of Terraform and its remedy, if known. */
export function explainTerraform(output: string, environment: Environment): string | undefined {
  // Terraform frames its errors, and wraps their lines to the width of a terminal.
  const plain = output.replace(/[│╷╵]/g, " ");
  for (const { pattern, explain } of knownErrors) {
    const match = pattern.exec(plain.replace(/\s+/g, " "));
    if (match !== null) return explain(match, environment, plain);
  }
  return undefined;
}

import type { Environment } from "../account/environment";
import { stackFolder } from "./folders";

interface KnownError {
  /** What Terraform, a provider or the S3 backend writes. */
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
      return `The state of ${stack} is locked by ${field("Who")} since ${field("Created")} (${field("Operation")}). Wait until that has ended. If it was killed and nobody works on ${name}, release the lock: terraform -chdir=${stackFolder(name, stack)} force-unlock ${field("ID")}`;
    },
  },
  {
    pattern: /S3 bucket "?([\w.-]+)"? does not exist|NoSuchBucket/,
    explain: (_, { name, config }) =>
      `The state bucket ${config.stateBucket} of environment ${name} does not exist: make it with npm run bootstrap -- ${name}`,
  },
  {
    pattern: /AWS account ID not allowed: (\d+)/i,
    explain: ([, account], { name, config }) =>
      `Environment ${name} is account ${config.account}; these credentials are of ${account}. Nothing was touched`,
  },
  {
    pattern:
      /Failed to query available provider packages|Failed to install provider|Could not retrieve the list of available versions|Inconsistent dependency lock file/,
    explain: () =>
      "Terraform could not install its providers. It takes them from registry.terraform.io, or from the mirror that a file named in TF_CLI_CONFIG_FILE gives (https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation). Nothing was touched",
  },
  {
    pattern: /BucketAlreadyExists|BucketAlreadyOwnedByYou|bucket already exists/i,
    explain: (_, { name, config }) =>
      `The bucket name ${config.bucketName ?? ""} is taken: bucket names are shared by all accounts. Give environment ${name} another bucketName in config.ts, or leave it out for a unique one, and deploy again`,
  },
  {
    pattern: /BucketNotEmpty/,
    explain: (_, { name }) =>
      `The artifact bucket still holds objects. Empty it, or let Terraform do so: set forceDestroy of environment ${name} in config.ts, deploy, and destroy again`,
  },
  {
    pattern:
      /No valid credential sources|ExpiredToken|InvalidClientTokenId|security token .* is (?:invalid|expired)/i,
    explain: (_, { name }) =>
      `AWS does not accept the credentials for environment ${name}. Log in again, for instance with \`aws sso login\`, or set AWS_PROFILE`,
  },
  {
    pattern:
      /EntityAlreadyExists|ResourceAlreadyExistsException|ResourceConflictException: Function already exist|StateMachineAlreadyExists/,
    explain: (_, { name }) =>
      `Something of environment ${name} exists already and is not in Terraform's state (see above): made by hand, or with another state. Remove it, or import it: terraform import`,
  },
];

/** What an error of Terraform means and what to do about it, where that is known. */
export function explainTerraform(output: string, environment: Environment): string | undefined {
  // Terraform frames its errors, and wraps their lines to the width of a terminal.
  const plain = output.replace(/[│╷╵]/g, " ");
  for (const { pattern, explain } of knownErrors) {
    const match = pattern.exec(plain.replace(/\s+/g, " "));
    if (match !== null) return explain(match, environment, plain);
  }
  return undefined;
}

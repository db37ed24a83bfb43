import type { EnvironmentConfig } from "../../configuration/environment-schema";

/** What a linter or scanner found in a stack. */
export interface Finding {
  readonly environment: string;
  /** The check's name in its tool, such as CKV_AWS_18. */
  readonly check: string;
  /** Path of the construct below the stack, such as `Workflow/Artifacts/Resource`. */
  readonly resource: string;
  readonly detail: string;
}

/** A finding that stays, and why. */
export interface AcceptedFinding {
  readonly check: string;
  /** Fits the path of the construct below the stack. */
  readonly resource: RegExp;
  readonly reason: string;
  /**
   * Environments that it is accepted in.
   *
   * @default - all
   */
  readonly where?: (environment: EnvironmentConfig) => boolean;
}

/**
 * Findings that nothing accepts, and acceptances that nothing needs any more; both are faults.
 *
 * An acceptance for environments that there are none of is no fault.
 */
export function judge(
  findings: readonly Finding[],
  accepted: readonly AcceptedFinding[],
  environments: Readonly<Record<string, EnvironmentConfig>>,
): string[] {
  const covers = ({ check, resource, where = () => true }: AcceptedFinding, finding: Finding) =>
    check === finding.check &&
    resource.test(finding.resource) &&
    where(environments[finding.environment] as EnvironmentConfig);
  const open = findings.filter((finding) => !accepted.some((one) => covers(one, finding)));
  const idle = accepted.filter(
    (one) =>
      Object.values(environments).some(one.where ?? (() => true)) &&
      !findings.some((finding) => covers(one, finding)),
  );
  return [
    ...open.map(
      ({ environment, check, resource, detail }) =>
        `${environment}: ${check} at ${resource}: ${detail} Mend it, or write the reason into __tests__/security/accepted.ts`,
    ),
    ...idle.map(
      ({ check, resource }) =>
        `Nothing is found any more for ${check} at ${resource}: remove it from __tests__/security/accepted.ts`,
    ),
  ];
}

import { UpdateModelPackageCommand } from "@aws-sdk/client-sagemaker";
import { announce, openEnvironment } from "../account/environment";
import { confirmed, requireAnswer } from "../terminal/confirm";
import { UsageError } from "../terminal/errors";
import { print } from "../terminal/print";
import { requireRegisteredFiles } from "./content";
import { comparisonReport, comparisonText, findVersion, listVersions } from "./versions";

interface ApproveOptions {
  readonly yes: boolean;
  /** Rejects the version instead. */
  readonly reject: boolean;
}

/** Shows a version beside the one that serves, asks, and approves it; the approval starts its release. */
export async function approve(name: string, version: number, options: ApproveOptions): Promise<void> {
  requireAnswer(options.yes);
  const environment = openEnvironment(name);
  await announce(environment);
  const versions = await listVersions(environment);
  const chosen = findVersion(versions, version);
  const champion = versions.find(({ serves }) => serves);
  print(`${comparisonText(chosen, champion)}`);
  const report = await comparisonReport(environment, chosen);
  if (report !== undefined) print(`Comparison: ${report}`);
  const [verb, status] = options.reject ? ["Reject", "Rejected"] : ["Approve", "Approved"];
  if (chosen.approval === status) {
    throw new UsageError(
      `Version ${version} is ${status} already; release it again with npm run rollback -- ${name} ${version}`,
    );
  }
  if (!options.reject && Object.keys(chosen.metrics).length === 0) {
    throw new UsageError(
      `Version ${version} has no metrics, or they are gone: nobody can tell what would serve. Reject it with --reject, or train again`,
    );
  }
  if (!options.reject) {
    await requireRegisteredFiles(environment.aws, `version ${version} of ${name}`, chosen.content);
  }
  if (!options.yes && !(await confirmed(`${verb} version ${version} for ${name}?`))) {
    print("Nothing was changed.");
    return;
  }
  await environment.aws.sagemaker().send(
    new UpdateModelPackageCommand({
      ModelPackageArn: chosen.arn,
      ModelApprovalStatus: status as "Approved",
    }),
  );
  print(
    options.reject
      ? `Version ${version} is rejected.`
      : `Version ${version} is approved, which starts its release. See it serve: npm run rollback -- ${name}`,
  );
}

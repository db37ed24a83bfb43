import { UpdateModelPackageCommand } from "@aws-sdk/client-sagemaker";
import { announce, openEnvironment } from "../account/environment";
import { agreed } from "../terminal/confirm";
import { UsageError } from "../terminal/errors";
import { print } from "../terminal/print";
import { requireRegisteredFiles } from "./content";
import { comparisonReport, findVersion, listVersions } from "./model-versions";
import { comparisonText } from "./text";

interface ApproveOptions {
  readonly yes: boolean;
  /** Reject the version instead. */
  readonly reject: boolean;
}

/** Shows a version next to the one in service, asks for confirmation, and approves it, which starts its release. */
export async function approve(name: string, version: number, options: ApproveOptions): Promise<void> {
  const environment = openEnvironment(name);
  await announce(environment);
  const versions = await listVersions(environment);
  const chosen = findVersion(versions, version);
  const champion = versions.find(({ inService }) => inService);
  print(comparisonText(chosen, champion));
  const report = await comparisonReport(environment, chosen);
  if (report !== undefined) print(`Comparison: ${report}`);
  const [verb, status] = options.reject ? ["Reject", "Rejected"] : ["Approve", "Approved"];
  if (chosen.approval === status) {
    throw new UsageError(
      `Version ${version} is already ${status}: release it again with npm run rollback -- ${name} ${version}`,
    );
  }
  if (!options.reject && Object.keys(chosen.metrics).length === 0) {
    throw new UsageError(
      `Version ${version} must have metrics to be approved, but they are missing: reject it with --reject, or train again`,
    );
  }
  if (!options.reject) {
    await requireRegisteredFiles(environment.aws, `version ${version} of ${name}`, chosen.content);
  }
  if (!(await agreed(`${verb} version ${version} for ${name}?`, options.yes))) {
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
      ? `Version ${version} was rejected.`
      : `Version ${version} was approved, which starts its release. Check whether it is in service: npm run versions -- ${name}`,
  );
}

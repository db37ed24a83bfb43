import { gateSettings } from "../../workflow/gate";
import { announce, openEnvironment } from "../account/environment";
import { agreed } from "../terminal/confirm";
import { UsageError } from "../terminal/errors";
import { print } from "../terminal/print";
import { findVersion, listVersions } from "./model-versions";
import { type ReleaseOptions, releaseVersion } from "./release";
import { versionsText } from "./text";

interface RollbackOptions extends ReleaseOptions {
  /** Release a version even if it is already in service. */
  readonly again?: boolean;
  readonly yes: boolean;
}

/** Lists the versions, or releases one of them again, with the same steps as after an approval. */
export async function rollback(
  name: string,
  version: number | undefined,
  options: RollbackOptions,
): Promise<void> {
  const environment = openEnvironment(name);
  await announce(environment);
  const versions = await listVersions(environment);
  print(versionsText(versions, gateSettings(environment.workflow.gate)));
  if (version === undefined) return;
  const chosen = findVersion(versions, version);
  if (chosen.inService && !options.again) {
    throw new UsageError(
      `Version ${version} is already in service: pass --again to release it again, which sets its scaling`,
    );
  }
  if (chosen.approval !== "Approved") {
    throw new UsageError(
      `Version ${version} must be Approved, got ${chosen.approval}: approve it with npm run approve -- ${name} ${version}`,
    );
  }
  if (!(await agreed(`Put version ${version} in service in ${name}?`, options.yes))) {
    print("Nothing was changed.");
    return;
  }
  await releaseVersion(environment, chosen.arn, options);
}

import { announce, openEnvironment } from "../account/environment";
import { confirmed, requireAnswer } from "../terminal/confirm";
import { UsageError } from "../terminal/errors";
import { print } from "../terminal/print";
import { type ReleaseOptions, releaseVersion } from "./release";
import { findVersion, listVersions, versionsText } from "./versions";

interface RollbackOptions extends ReleaseOptions {
  /** Releases a version that serves already, too. */
  readonly again?: boolean;
  readonly yes: boolean;
}

/** Lists the versions, or releases one of them again, by the same steps as after an approval. */
export async function rollback(
  name: string,
  version: number | undefined,
  options: RollbackOptions,
): Promise<void> {
  if (version !== undefined) requireAnswer(options.yes);
  const environment = openEnvironment(name);
  await announce(environment);
  const versions = await listVersions(environment);
  print(`${versionsText(versions)}`);
  if (version === undefined) return;
  const chosen = findVersion(versions, version);
  if (chosen.serves && !options.again) {
    throw new UsageError(
      `Version ${version} serves already; --again releases it again, which sets its scaling`,
    );
  }
  if (chosen.approval !== "Approved") {
    throw new UsageError(
      `Version ${version} is ${chosen.approval}: approve it with npm run approve -- ${name} ${version}`,
    );
  }
  if (!options.yes && !(await confirmed(`Put version ${version} in service in ${name}?`))) {
    print("Nothing was changed.");
    return;
  }
  await releaseVersion(environment, chosen.arn, options);
}

import { Aws } from "../../cli/account/clients";
import type { Environment } from "../../cli/account/environment";
import type { PromoteOptions } from "../../cli/promotion/promotion";
import { environments, workflowProps } from "../../configuration";
import type { EnvironmentConfig } from "../../configuration/environment-schema";
import { baseName } from "../../workflow/names";
import { failureOf, succeeded, type TestCloud } from "./cloud";
import { housingCsv } from "./housing-data";

export const options: PromoteOptions = { yes: true, timeout: 600, silent: true };

/** A fresh connection to an environment of config.ts, as if it were deployed to the emulator. */
export function environmentIn({ aws }: TestCloud, name: string): Environment {
  const config = { ...environments[name], region: "us-east-1" } as EnvironmentConfig;
  const workflow = workflowProps(name);
  return { name, config, aws: new Aws(aws.connection), workflow, baseName: baseName(workflow) };
}

/** Deploys `local`, and lets it register two versions, of which the second one serves. */
export async function deployWithVersions(cloud: TestCloud): Promise<void> {
  const local = await cloud.deploy(workflowProps("local"));
  await local.upload("raw-data/train.csv", housingCsv(400, 1));
  await local.upload("raw-data/test.csv", housingCsv(100, 2));
  const input = { HyperParameters: { "n-estimators": 5 }, Threshold: 0 };
  for (const _ of [1, 2]) expect(failureOf(await local.run(input))).toEqual(succeeded);
}

import { CreateScheduleGroupCommand } from "@aws-sdk/client-scheduler";
import type { Aws } from "../../cli/account/clients";
import type { EmulatorAddress } from "../../cli/account/emulator-address";
import { tagList } from "../../cli/account/tags";
import { createFunction, createRole } from "../../cli/emulator/resources";
import { experimentGroupName } from "../../workflow/experiments";
import { experimentController } from "../../workflow/functions";
import { baseName } from "../../workflow/names";
import type { WorkflowProps } from "../../workflow/props";
import { resourceTags } from "../../workflow/resources";
import { experimentScheduleRole } from "../../workflow/roles";

/** Makes what A/B tests need, from the same plain data that the constructs write as Terraform. */
export async function createExperiments(
  aws: Aws,
  { account, region }: EmulatorAddress,
  props: WorkflowProps,
  more: { readonly bucketName: string; readonly kmsKeyArn?: string; readonly topicArn?: string },
): Promise<void> {
  const tags = resourceTags(props);
  const references = { partition: "aws", region, account, ...more };
  const Tags = tagList(tags);
  await Promise.all([
    createFunction(aws, experimentController(props, references), account, tags),
    createRole(aws, experimentScheduleRole(props, references), account, tags),
    aws
      .scheduler()
      .send(new CreateScheduleGroupCommand({ Name: experimentGroupName(baseName(props)), Tags })),
  ]);
}

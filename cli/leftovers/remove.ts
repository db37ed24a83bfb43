import { setTimeout as sleep } from "node:timers/promises";
import { DeleteLogGroupCommand, DeleteLogStreamCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DeleteModelPackageCommand,
  DescribeEndpointCommand,
} from "@aws-sdk/client-sagemaker";
import { deleteVersions } from "../account/buckets";
import type { Environment } from "../account/environment";
import { removeSchedules } from "../experiment/schedules";
import { FailedError, ignoreMissing } from "../terminal/errors";
import type { Leftovers } from "./find";

/**
 * Deletes what was found. Schedules of A/B tests first, since they look at an endpoint; then endpoints: a configuration
 * must stay while an endpoint serves it.
 */
export async function removeLeftovers(
  environment: Environment,
  found: Leftovers,
  tell: (line: string) => void,
): Promise<void> {
  const { aws } = environment;
  const sagemaker = aws.sagemaker();
  await removeSchedules(environment, found.experiments);
  for (const name of found.experiments) tell(`Deleted the schedule of the A/B test ${name}`);
  for (const { name } of found.endpoints) {
    await deleteEndpoint(environment, name);
    tell(`Deleted endpoint ${name}`);
  }
  for (const { name: EndpointConfigName } of found.endpointConfigs) {
    await sagemaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName })).catch(ignoreMissing);
    tell(`Deleted endpoint configuration ${EndpointConfigName}`);
  }
  for (const { name: ModelName } of found.models) {
    await sagemaker.send(new DeleteModelCommand({ ModelName })).catch(ignoreMissing);
    tell(`Deleted model ${ModelName}`);
  }
  for (const { name: ModelPackageName } of found.modelPackages) {
    await sagemaker.send(new DeleteModelPackageCommand({ ModelPackageName }));
    tell(`Deleted model package ${ModelPackageName}`);
  }
  for (const { name: logGroupName } of found.logGroups) {
    await aws.logs().send(new DeleteLogGroupCommand({ logGroupName }));
    tell(`Deleted log group ${logGroupName}`);
  }
  for (const { group: logGroupName, name: logStreamName } of found.logStreams) {
    await aws.logs().send(new DeleteLogStreamCommand({ logGroupName, logStreamName }));
  }
  if (found.logStreams.length > 0) tell(`Deleted ${found.logStreams.length} log streams`);
  if (found.bucketName !== undefined) {
    await deleteVersions(aws, found.bucketName, found.objects, (count) =>
      tell(`Deleted ${count} object versions`),
    );
  }
}

/** Deletes an endpoint and waits until it is gone; one that another hand deletes at the same time is fine. */
async function deleteEndpoint({ aws }: Environment, EndpointName: string): Promise<void> {
  const pause = aws.isEmulator ? 100 : 5000;
  let asked = false;
  try {
    for (;;) {
      const { EndpointStatus } = await aws.sagemaker().send(new DescribeEndpointCommand({ EndpointName }));
      if (EndpointStatus === "Updating" || EndpointStatus === "SystemUpdating") {
        throw new FailedError(
          `The endpoint ${EndpointName} is ${EndpointStatus}, and cannot be deleted then: clean up when the execution has ended`,
        );
      }
      if (EndpointStatus !== "Deleting" && !asked) {
        await aws.sagemaker().send(new DeleteEndpointCommand({ EndpointName }));
        asked = true;
      }
      await sleep(pause);
    }
  } catch (error) {
    ignoreMissing(error);
  }
}

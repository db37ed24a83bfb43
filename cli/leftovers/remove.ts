import { DeleteLogGroupCommand, DeleteLogStreamCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DeleteModelPackageCommand,
  DescribeEndpointCommand,
  DescribeHyperParameterTuningJobCommand,
  StopHyperParameterTuningJobCommand,
} from "@aws-sdk/client-sagemaker";
import { deleteVersions } from "../account/buckets";
import type { Environment } from "../account/environment";
import { poll } from "../account/poll";
import { removeSchedules } from "../experiment/schedules";
import { FailedError, ignoreMissing } from "../terminal/errors";
import type { Leftovers } from "./find";

/**
 * Deletes what was found: first schedules of A/B tests, which check an endpoint, and what still runs and writes, then
 * endpoints, because their configurations must exist as long as they do.
 */
export async function removeLeftovers(
  environment: Environment,
  found: Leftovers,
  report: (line: string) => void,
): Promise<void> {
  const { aws } = environment;
  const sagemaker = aws.sagemaker();
  await removeSchedules(environment, found.experiments);
  for (const name of found.experiments) report(`Deleted the schedule of the A/B test ${name}`);
  for (const { name } of found.tuningJobs) {
    await stopTuningJob(environment, name);
    report(`Stopped tuning job ${name}`);
  }
  for (const { name } of found.endpoints) {
    await deleteEndpoint(environment, name);
    report(`Deleted endpoint ${name}`);
  }
  for (const { name: EndpointConfigName } of found.endpointConfigs) {
    await sagemaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName })).catch(ignoreMissing);
    report(`Deleted endpoint configuration ${EndpointConfigName}`);
  }
  for (const { name: ModelName } of found.models) {
    await sagemaker.send(new DeleteModelCommand({ ModelName })).catch(ignoreMissing);
    report(`Deleted model ${ModelName}`);
  }
  for (const { name: ModelPackageName } of found.modelPackages) {
    await sagemaker.send(new DeleteModelPackageCommand({ ModelPackageName }));
    report(`Deleted model package ${ModelPackageName}`);
  }
  for (const { name: logGroupName } of found.logGroups) {
    await aws.logs().send(new DeleteLogGroupCommand({ logGroupName }));
    report(`Deleted log group ${logGroupName}`);
  }
  for (const { group: logGroupName, name: logStreamName } of found.logStreams) {
    await aws.logs().send(new DeleteLogStreamCommand({ logGroupName, logStreamName }));
  }
  if (found.logStreams.length > 0) report(`Deleted ${found.logStreams.length} log streams`);
  if (found.bucketName !== undefined) {
    await deleteVersions(aws, found.bucketName, found.objects, (count) =>
      report(`Deleted ${count} object versions`),
    );
  }
}

/** Stops a tuning job and waits until its training jobs have stopped, too. */
async function stopTuningJob({ aws }: Environment, HyperParameterTuningJobName: string): Promise<void> {
  const job = { HyperParameterTuningJobName };
  let requested = false;
  const check = async (): Promise<true | undefined> => {
    const { HyperParameterTuningJobStatus: status = "" } = await aws
      .sagemaker()
      .send(new DescribeHyperParameterTuningJobCommand(job));
    if (status === "InProgress" && !requested) {
      await aws.sagemaker().send(new StopHyperParameterTuningJobCommand(job));
      requested = true;
    }
    return ["InProgress", "Stopping"].includes(status) ? undefined : true;
  };
  await poll(check, { intervalMilliseconds: aws.isEmulator ? 100 : 5000 });
}

/** Deletes an endpoint and waits until it is gone, even if something else deletes it at the same time. */
async function deleteEndpoint({ aws }: Environment, EndpointName: string): Promise<void> {
  let requested = false;
  const check = async (): Promise<undefined> => {
    const { EndpointStatus } = await aws.sagemaker().send(new DescribeEndpointCommand({ EndpointName }));
    if (EndpointStatus === "Updating" || EndpointStatus === "SystemUpdating") {
      throw new FailedError(
        `The endpoint ${EndpointName} is ${EndpointStatus} and cannot be deleted: run cleanup after the execution has ended`,
      );
    }
    if (EndpointStatus === "Deleting" || requested) return;
    await aws.sagemaker().send(new DeleteEndpointCommand({ EndpointName }));
    requested = true;
  };
  await poll(check, { intervalMilliseconds: aws.isEmulator ? 100 : 5000 }).catch(ignoreMissing);
}

import { CreateEndpointConfigCommand, CreateModelCommand } from "@aws-sdk/client-sagemaker";
import { CreateScheduleCommand } from "@aws-sdk/client-scheduler";
import { checkSchedule, type ExperimentEvent } from "../../workflow/experiments";
import { resourceTags } from "../../workflow/resources";
import { runTasks } from "../terminal/progress";
import type { ExperimentPlan } from "./candidate";
import { experimentTag, findEndpoint, ignoreExisting, moveTo, type WaitOptions } from "./endpoint";
import type { ExperimentTarget } from "./target";

/** Creates the planned resources; existing ones are reused. */
export async function startExperiment(
  target: ExperimentTarget,
  plan: ExperimentPlan,
  wait: WaitOptions,
  { silent }: { readonly silent: boolean },
): Promise<void> {
  const { environment, workflow } = target;
  const { aws } = environment;
  const sagemaker = aws.sagemaker();
  const tags = Object.entries({ ...resourceTags(workflow), [experimentTag]: plan.event.Experiment });
  const Tags = tags.map(([Key, Value]) => ({ Key, Value }));
  await runTasks(
    [
      {
        title: `Model ${plan.model.ModelName}`,
        task: async () => {
          await sagemaker.send(new CreateModelCommand({ ...plan.model, Tags })).catch(ignoreExisting);
        },
      },
      {
        title: `Endpoint configuration ${plan.configName}`,
        task: async () => {
          const like = (await findEndpoint(environment))?.config;
          const create = new CreateEndpointConfigCommand({
            EndpointConfigName: plan.configName,
            ProductionVariants: plan.variants,
            DataCaptureConfig: like?.DataCaptureConfig,
            KmsKeyId: like?.KmsKeyId,
            Tags,
          });
          await sagemaker.send(create).catch(ignoreExisting);
        },
      },
      {
        title: `Endpoint ${environment.baseName}`,
        task: async (_, task) => {
          await moveTo(environment, plan.configName, wait, (status) => {
            if (process.stdout.isTTY) task.title = `Endpoint ${environment.baseName}: ${status}`;
          });
          task.title = `Endpoint ${environment.baseName} has both variants in service`;
        },
      },
      { title: `Schedule ${plan.event.Experiment}`, task: () => createSchedule(target, plan.event) },
    ],
    { silent },
  );
}

async function createSchedule(target: ExperimentTarget, event: ExperimentEvent): Promise<void> {
  const { environment, groupArn, controllerArn, scheduleRoleArn } = target;
  await environment.aws.scheduler().send(
    new CreateScheduleCommand({
      Name: event.Experiment,
      GroupName: groupArn.split("/").at(-1),
      Description: `Checks the A/B test on ${event.EndpointName}`,
      ScheduleExpression: checkSchedule,
      FlexibleTimeWindow: { Mode: "OFF" },
      KmsKeyArn: environment.config.kmsKeyArn,
      Target: {
        Arn: controllerArn,
        RoleArn: scheduleRoleArn,
        Input: JSON.stringify(event),
        // The next check makes up for a missed one.
        RetryPolicy: { MaximumEventAgeInSeconds: 300, MaximumRetryAttempts: 0 },
      },
    }),
  );
}

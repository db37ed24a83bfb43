import { CreateEndpointConfigCommand, CreateModelCommand } from "@aws-sdk/client-sagemaker";
import { CreateScheduleCommand } from "@aws-sdk/client-scheduler";
import { type ExperimentEvent, lookEvery } from "../../workflow/experiments";
import { resourceTags } from "../../workflow/resources";
import { runTasks } from "../terminal/progress";
import type { ExperimentPlan } from "./candidate";
import { experimentTag, findEndpoint, ignoreExisting, modelOf, moveTo, type Patience } from "./endpoint";
import type { ExperimentTarget } from "./target";

/** Makes what the plan says; what is there already is taken. */
export async function startExperiment(
  target: ExperimentTarget,
  plan: ExperimentPlan,
  patience: Patience,
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
        title: `Model ${plan.modelName}`,
        task: async () => {
          const like = await modelOf(environment, plan.champion);
          const create = new CreateModelCommand({
            ModelName: plan.modelName,
            ExecutionRoleArn: like.ExecutionRoleArn,
            PrimaryContainer: { ModelPackageName: plan.challengerVersion.arn },
            VpcConfig: like.VpcConfig,
            EnableNetworkIsolation: like.EnableNetworkIsolation || undefined,
            Tags,
          });
          await sagemaker.send(create).catch(ignoreExisting);
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
          await moveTo(environment, plan.configName, patience, (status) => {
            if (process.stdout.isTTY) task.title = `Endpoint ${environment.baseName}: ${status}`;
          });
          task.title = `Endpoint ${environment.baseName} serves both`;
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
      Description: `Looks at the A/B test on ${event.EndpointName}`,
      ScheduleExpression: lookEvery,
      FlexibleTimeWindow: { Mode: "OFF" },
      KmsKeyArn: environment.config.kmsKeyArn,
      Target: {
        Arn: controllerArn,
        RoleArn: scheduleRoleArn,
        Input: JSON.stringify(event),
        // A look that is missed is made good by the next.
        RetryPolicy: { MaximumEventAgeInSeconds: 300, MaximumRetryAttempts: 0 },
      },
    }),
  );
}

import { type Jsonata, type JsonObject, jsonata } from "../asl/jsonata";
import { maxAttempts, unnamedSageMakerErrors, waitForAttempt } from "../asl/retries";
import type { ChoiceState, TaskState } from "../asl/states";
import { catchAll, caughtCause, type FailureName } from "../failures";
import { allow } from "../iam";
import { endpointName } from "../names";
import type { Workflow } from "../settings";
import { type Step, sdkTask } from "../step";
import { configArn, endpointArns, modelArn, packageArn } from "./resource-arns";

interface ChampionProps {
  readonly failure: FailureName;
  /** The endpoint's name. */
  readonly ofEndpoint: string | Jsonata;
  /** ARNs of the endpoints that it may be. */
  readonly endpoints: readonly string[];
  /** More variables, from the description of its configuration. */
  readonly ofConfig?: JsonObject;
}

/**
 * Finds the model in service through the endpoint's configuration, model and model package. `championUrl` is its address,
 * or empty if no model is in service.
 */
export function championStep(
  workflow: Workflow,
  next: string,
  { failure, ofEndpoint, endpoints, ofConfig = {} }: ChampionProps = {
    failure: "ComparisonFailed",
    ofEndpoint: endpointName(workflow.settings),
    endpoints: endpointArns(workflow),
  },
): Step {
  return {
    states: {
      FindChampion: findChampion(workflow, ofEndpoint, failure),
      ChampionAbsent: {
        Type: "Choice",
        Choices: [
          { Condition: jsonata`$not($champion.serves)`, Assign: { attempt: 1 }, Next: next },
          { Condition: jsonata`$attempt < ${maxAttempts}`, Next: "WaitForChampion" },
        ],
        Default: failure,
      },
      WaitForChampion: waitForAttempt(2, "FindChampion"),
      ChampionServes: {
        Type: "Choice",
        Choices: [{ Condition: jsonata`$champion.serves`, Next: "ReadChampionConfig" }],
        Default: next,
      },
      ReadChampionConfig: readChampionConfig(workflow, failure, ofConfig),
      ReadChampionModel: readChampionModel(workflow, failure),
      ChampionRegistered: championRegistered(next),
      ReadChampionPackage: readChampionPackage(workflow, next, failure),
    },
    policyStatements: [
      allow(["sagemaker:DescribeEndpoint"], endpoints),
      allow(["sagemaker:DescribeModelPackage"], [packageArn(workflow)]),
      allow(["sagemaker:DescribeEndpointConfig"], [configArn(workflow)]),
      allow(["sagemaker:DescribeModel"], [modelArn(workflow)]),
    ],
  };
}

function findChampion(workflow: Workflow, EndpointName: string | Jsonata, failure: FailureName): TaskState {
  const none = jsonata`""`;
  return sdkTask(workflow, "sagemaker", "describeEndpoint", {
    Arguments: { EndpointName },
    Assign: {
      championUrl: none,
      champion: jsonata`{
        "serves": $not($exists($states.result.EndpointStatus)) ? $error("The endpoint has no status")
          : $states.result.EndpointStatus in ["InService", "Updating", "SystemUpdating", "RollingBack"],
        "config": $exists($states.result.EndpointConfigName) ? $states.result.EndpointConfigName : ""
      }`,
      attempt: 1,
    },
    // A retrier cannot distinguish a missing endpoint, because the call has no modelled errors.
    Retry: undefined,
    Catch: [
      {
        ErrorEquals: unnamedSageMakerErrors,
        Assign: {
          championUrl: none,
          champion: jsonata`{"serves": $not($contains($states.errorOutput.Cause, "Could not find")), "config": ""}`,
          failure: jsonata`{"state": "FindChampion", "reason": ${caughtCause}}`,
        },
        Next: "ChampionAbsent",
      },
      catchAll("FindChampion", failure),
    ],
    Next: "ChampionServes",
  });
}

function readChampionConfig(workflow: Workflow, failure: FailureName, ofConfig: JsonObject): TaskState {
  return sdkTask(workflow, "sagemaker", "describeEndpointConfig", {
    Arguments: { EndpointConfigName: jsonata`$champion.config` },
    Assign: { championModel: jsonata`$states.result.ProductionVariants[0].ModelName`, ...ofConfig },
    Catch: [catchAll("ReadChampionConfig", failure)],
    Next: "ReadChampionModel",
  });
}

function readChampionModel(workflow: Workflow, failure: FailureName): TaskState {
  return sdkTask(workflow, "sagemaker", "describeModel", {
    Arguments: { ModelName: jsonata`$championModel` },
    Assign: {
      championPackage: jsonata`(
        $container := $states.result.PrimaryContainer;
        $exists($container.ModelPackageName) ? $container.ModelPackageName : ""
      )`,
      championUrl: jsonata`(
        $container := $states.result.PrimaryContainer;
        $exists($container.ModelDataUrl) ? $container.ModelDataUrl
          : $exists($container.ModelPackageName) ? ""
          : $error("The model in service has neither a model package nor an artifact of its own")
      )`,
    },
    Catch: [catchAll("ReadChampionModel", failure)],
    Next: "ChampionRegistered",
  });
}

function championRegistered(next: string): ChoiceState {
  return {
    Type: "Choice",
    Choices: [{ Condition: jsonata`$championPackage != ""`, Next: "ReadChampionPackage" }],
    Default: next,
  };
}

function readChampionPackage(workflow: Workflow, next: string, failure: FailureName): TaskState {
  return sdkTask(workflow, "sagemaker", "describeModelPackage", {
    Arguments: { ModelPackageName: jsonata`$championPackage` },
    Assign: { championUrl: jsonata`$states.result.InferenceSpecification.Containers[0].ModelDataUrl` },
    Catch: [catchAll("ReadChampionPackage", failure)],
    Next: next,
  });
}

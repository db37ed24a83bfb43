import { arn } from "../arns";
import { sageMakerRetry } from "../asl/retries";
import {
  type JsonObject,
  jsonata,
  literal,
  type MapState,
  type PassState,
  type TaskState,
} from "../asl/states";
import { caughtFailure } from "../failures";
import { allow } from "../iam";
import { baseName } from "../names";
import type { Workflow } from "../settings";
import { type Step, sdkCall } from "../step";

/**
 * Removes endpoint configurations and models of earlier releases, never those that an endpoint serves or moves to.
 *
 * Whatever goes wrong here is a warning in the report: the new model serves.
 */
export function retentionStep(workflow: Workflow, next: string): Step {
  const { settings } = workflow;
  const base = baseName(settings);
  const listed = { reason: "listing has no resource type" };
  const call = (action: string, Arguments: JsonObject) =>
    ({
      Type: "Task",
      Resource: sdkCall(workflow, "sagemaker", action),
      Arguments,
      TimeoutSeconds: 60,
      Retry: sageMakerRetry,
    }) as const;
  const isSuperseded = `function($config, $index) {
    $index >= ${settings.retainedReleases} and $not($config.name in $servingConfigs)
  }`;
  return {
    states: {
      FindEndpoints: {
        ...call("listEndpoints", { NameContains: base, MaxResults: 100 }),
        Assign: {
          warnings: [],
          endpointNames: jsonata(`[$states.result.Endpoints.EndpointName[
            $ = ${literal(base)} or ${startsWith("$", `${base}-`)}
          ]]`),
          // Where a page does not show all of them, some configuration could look as if it served nowhere.
          allEndpoints: jsonata("$not($exists($states.result.NextToken))"),
        },
        Catch: [warn("FindEndpoints")],
        Next: "ReadEndpoints",
      },
      ReadEndpoints: {
        ...forEach("$endpointNames", "ReadEndpoint", {
          ...call("describeEndpoint", { EndpointName: jsonata("$states.input") }),
          Output: jsonata(`{"configs": [
            $states.result.EndpointConfigName, $states.result.PendingDeploymentSummary.EndpointConfigName
          ]}`),
          End: true,
        }),
        Assign: { servingConfigs: jsonata("[$states.result.configs]") },
        Catch: [warn("ReadEndpoints")],
        Next: "FindConfigs",
      },
      FindConfigs: {
        ...call("listEndpointConfigs", {
          NameContains: `${base}-config-`,
          SortBy: "CreationTime",
          SortOrder: "Descending",
          MaxResults: 100,
        }),
        Assign: {
          configNames: jsonata(`$allEndpoints ? [$states.result.EndpointConfigs.EndpointConfigName[
            ${startsWith("$", `${base}-config-`)}
          ]] : []`),
        },
        Catch: [warn("FindConfigs")],
        Next: "ReadConfigs",
      },
      ReadConfigs: {
        ...forEach("$configNames", "ReadConfig", {
          ...call("describeEndpointConfig", { EndpointConfigName: jsonata("$states.input") }),
          Output: jsonata(
            '{"name": $states.result.EndpointConfigName, "models": [$states.result.ProductionVariants.ModelName]}',
          ),
          End: true,
        }),
        Assign: {
          supersededConfigs: jsonata(`[$filter($states.result, ${isSuperseded}).name]`),
          supersededModels: jsonata(`(
            $superseded := $filter($states.result, ${isSuperseded});
            $kept := $states.result[$not(name in $superseded.name)].models;
            [$distinct($superseded.models)[$not($ in $kept)]]
          )`),
        },
        Catch: [warn("ReadConfigs")],
        Next: "RemoveConfigs",
      },
      RemoveConfigs: {
        ...forEach("$supersededConfigs", "RemoveConfig", {
          ...call("deleteEndpointConfig", { EndpointConfigName: jsonata("$states.input") }),
          End: true,
        }),
        Catch: [warn("RemoveConfigs")],
        Next: "RemoveModels",
      },
      RemoveModels: {
        ...forEach("$supersededModels", "RemoveModel", {
          ...call("deleteModel", { ModelName: jsonata("$states.input") }),
          End: true,
        }),
        Catch: [warn("RemoveModels")],
        Next: next,
      },
      RetentionFailed: {
        Type: "Pass",
        Assign: {
          warnings: jsonata(
            '["Earlier releases were not removed: " & $failure.state & ": " & $failure.reason]',
          ),
        },
        Next: next,
      } satisfies PassState,
    },
    policyStatements: [
      allow(["sagemaker:ListEndpoints", "sagemaker:ListEndpointConfigs"], ["*"], listed),
      // While the endpoint changes its kind there are two of them.
      allow(
        ["sagemaker:DescribeEndpoint"],
        [base, `${base}-*`].map((name) => arn(workflow.references, "sagemaker", `endpoint/${name}`)),
      ),
      allow(
        ["sagemaker:DescribeEndpointConfig", "sagemaker:DeleteEndpointConfig"],
        [arn(workflow.references, "sagemaker", `endpoint-config/${base}-config-*`)],
      ),
      allow(["sagemaker:DeleteModel"], [arn(workflow.references, "sagemaker", `model/${base}-model-*`)]),
    ],
  };
}

/** JSONata: whether the text `name` begins with `start`. */
function startsWith(name: string, start: string): string {
  return `$substring(${name}, 0, ${start.length}) = ${literal(start)}`;
}

function forEach(items: string, name: string, task: TaskState) {
  return {
    Type: "Map",
    Items: jsonata(items),
    // SageMaker throttles early.
    MaxConcurrency: 5,
    ItemProcessor: { ProcessorConfig: { Mode: "INLINE" }, StartAt: name, States: { [name]: task } },
  } as const satisfies Partial<MapState>;
}

function warn(state: string) {
  return { ErrorEquals: ["States.ALL"], Assign: { failure: caughtFailure(state) }, Next: "RetentionFailed" };
}

import { arn } from "../arns";
import { type Jsonata, jsonata } from "../asl/jsonata";
import type { Catcher, MapState, PassState, TaskState } from "../asl/states";
import { caughtFailure } from "../failures";
import { allow, type PolicyStatement } from "../iam";
import { baseName } from "../names";
import type { Workflow } from "../settings";
import { type Step, sdkTask } from "../step";
import { configArn, modelArn } from "./resource-arns";

/**
 * Removes endpoint configurations and models of earlier releases, except those that an endpoint uses or moves to.
 *
 * Errors here are warnings in the report, because the new model is in service.
 */
export function retentionStep(workflow: Workflow, next: string): Step {
  return {
    states: {
      FindEndpoints: findEndpoints(workflow),
      ReadEndpoints: readEndpoints(workflow),
      FindConfigs: findConfigs(workflow),
      ReadConfigs: readConfigs(workflow),
      RemoveConfigs: removeConfigs(workflow),
      RemoveModels: removeModels(workflow, next),
      RetentionFailed: retentionFailed(next),
    },
    policyStatements: permissions(workflow),
  };
}

function permissions(workflow: Workflow): PolicyStatement[] {
  const base = baseName(workflow.settings);
  const listed = { reason: "listing has no resource type" };
  return [
    allow(["sagemaker:ListEndpoints", "sagemaker:ListEndpointConfigs"], ["*"], listed),
    // During a change of kind there are two endpoints.
    allow(
      ["sagemaker:DescribeEndpoint"],
      [base, `${base}-*`].map((name) => arn(workflow.references, "sagemaker", `endpoint/${name}`)),
    ),
    allow(["sagemaker:DescribeEndpointConfig", "sagemaker:DeleteEndpointConfig"], [configArn(workflow)]),
    allow(["sagemaker:DeleteModel"], [modelArn(workflow)]),
  ];
}

function findEndpoints(workflow: Workflow): TaskState {
  const base = baseName(workflow.settings);
  return sdkTask(workflow, "sagemaker", "listEndpoints", {
    Arguments: { NameContains: base, MaxResults: 100 },
    Assign: {
      warnings: [],
      endpointNames: jsonata`[$states.result.Endpoints.EndpointName[
        $ = ${base} or ${startsWith(`${base}-`)}
      ]]`,
      // If a page does not list all endpoints, a configuration in use could appear unused.
      allEndpoints: jsonata`$not($exists($states.result.NextToken))`,
    },
    Catch: [warn("FindEndpoints")],
    Next: "ReadEndpoints",
  });
}

function readEndpoints(workflow: Workflow): MapState {
  const read = sdkTask(workflow, "sagemaker", "describeEndpoint", {
    Arguments: { EndpointName: jsonata`$states.input` },
    Output: jsonata`{"configs": [
      $states.result.EndpointConfigName, $states.result.PendingDeploymentSummary.EndpointConfigName
    ]}`,
    End: true,
  });
  return {
    ...forEach(jsonata`$endpointNames`, "ReadEndpoint", read),
    Assign: { servingConfigs: jsonata`[$states.result.configs]` },
    Catch: [warn("ReadEndpoints")],
    Next: "FindConfigs",
  };
}

function findConfigs(workflow: Workflow): TaskState {
  const start = `${baseName(workflow.settings)}-config-`;
  return sdkTask(workflow, "sagemaker", "listEndpointConfigs", {
    Arguments: { NameContains: start, SortBy: "CreationTime", SortOrder: "Descending", MaxResults: 100 },
    Assign: {
      configNames: jsonata`$allEndpoints ? [$states.result.EndpointConfigs.EndpointConfigName[
        ${startsWith(start)}
      ]] : []`,
    },
    Catch: [warn("FindConfigs")],
    Next: "ReadConfigs",
  });
}

function readConfigs(workflow: Workflow): MapState {
  const isSuperseded = jsonata`function($config, $index) {
    $index >= ${workflow.settings.retainedReleases} and $not($config.name in $servingConfigs)
  }`;
  const read = sdkTask(workflow, "sagemaker", "describeEndpointConfig", {
    Arguments: { EndpointConfigName: jsonata`$states.input` },
    Output: jsonata`{"name": $states.result.EndpointConfigName, "models": [$states.result.ProductionVariants.ModelName]}`,
    End: true,
  });
  return {
    ...forEach(jsonata`$configNames`, "ReadConfig", read),
    Assign: {
      supersededConfigs: jsonata`[$filter($states.result, ${isSuperseded}).name]`,
      supersededModels: jsonata`(
        $superseded := $filter($states.result, ${isSuperseded});
        $kept := $states.result[$not(name in $superseded.name)].models;
        [$distinct($superseded.models)[$not($ in $kept)]]
      )`,
    },
    Catch: [warn("ReadConfigs")],
    Next: "RemoveConfigs",
  };
}

function removeConfigs(workflow: Workflow): MapState {
  const remove = sdkTask(workflow, "sagemaker", "deleteEndpointConfig", {
    Arguments: { EndpointConfigName: jsonata`$states.input` },
    End: true,
  });
  return {
    ...forEach(jsonata`$supersededConfigs`, "RemoveConfig", remove),
    Catch: [warn("RemoveConfigs")],
    Next: "RemoveModels",
  };
}

function removeModels(workflow: Workflow, next: string): MapState {
  const remove = sdkTask(workflow, "sagemaker", "deleteModel", {
    Arguments: { ModelName: jsonata`$states.input` },
    End: true,
  });
  return {
    ...forEach(jsonata`$supersededModels`, "RemoveModel", remove),
    Catch: [warn("RemoveModels")],
    Next: next,
  };
}

function retentionFailed(next: string): PassState {
  return {
    Type: "Pass",
    Assign: {
      warnings: jsonata`["Earlier releases were not removed: " & $failure.state & ": " & $failure.reason]`,
    },
    Next: next,
  };
}

/** JSONata: whether the context is a text that begins with `start`. */
function startsWith(start: string): Jsonata {
  return jsonata`$substring($, 0, ${start.length}) = ${start}`;
}

function forEach(items: Jsonata, name: string, task: TaskState) {
  return {
    Type: "Map",
    Items: items,
    // SageMaker's limit on requests is low.
    MaxConcurrency: 5,
    ItemProcessor: { ProcessorConfig: { Mode: "INLINE" }, StartAt: name, States: { [name]: task } },
  } as const satisfies Partial<MapState>;
}

function warn(state: string): Catcher {
  return { ErrorEquals: ["States.ALL"], Assign: { failure: caughtFailure(state) }, Next: "RetentionFailed" };
}

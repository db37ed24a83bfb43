/** The run that needs what captures requests. */

import { InvokeEndpointCommand } from "@aws-sdk/client-sagemaker-runtime";
import { endpointLogLines } from "../../../cli/execution/end-of-log";
import { until } from "../../patience";
import type { Scenario } from "./lane";
import { serves } from "./scenarios";

/** A request to what serves is captured; where it is not, only the endpoint's log says so. */
export const captures: Scenario = {
  before: serves,
  run: async (lane) => {
    const { aws } = lane.cloud;
    const { workflow } = lane;
    const { baseName } = workflow;
    const isCaptured = async (id: string) =>
      (await workflow.captured()).some(({ eventMetadata }) => eventMetadata.inferenceId === id);
    const InferenceId = `captured-${Date.now()}`;
    const invoke = new InvokeEndpointCommand({ EndpointName: baseName, Body: "1", InferenceId });
    const since = new Date();
    await aws.runtime().send(invoke);
    let said: string[] = [];
    await until(async () => {
      said = (await endpointLogLines(aws, baseName, since)).filter((line) =>
        line.startsWith("Data capture:"),
      );
      return said.length > 0 || (await isCaptured(InferenceId));
    });
    return said.join();
  },
};

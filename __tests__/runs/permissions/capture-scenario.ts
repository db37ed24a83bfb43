/** The run that needs what captures requests. */

import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { InvokeEndpointCommand } from "@aws-sdk/client-sagemaker-runtime";
import type { Aws } from "../../../cli/account/clients";
import { readText } from "../../../cli/account/objects";
import { endpointLogLines } from "../../../cli/execution/end-of-log";
import { prefixes } from "../../../workflow/prefixes";
import { until } from "../../patience";
import type { Scenario } from "./lane";
import { serves } from "./scenarios";

/** A request to what serves is captured; where it is not, only the endpoint's log says so. */
export const captures: Scenario = {
  before: serves,
  run: async (lane) => {
    const { aws } = lane.cloud;
    const { baseName, bucketName } = lane.workflow;
    const InferenceId = `captured-${Date.now()}`;
    const invoke = new InvokeEndpointCommand({ EndpointName: baseName, Body: "1", InferenceId });
    const since = new Date();
    await aws.runtime().send(invoke);
    let said: string[] = [];
    await until(async () => {
      said = (await endpointLogLines(aws, baseName, since)).filter((line) =>
        line.startsWith("Data capture:"),
      );
      return said.length > 0 || (await isCaptured(aws, bucketName, InferenceId));
    });
    return said.join();
  },
};

async function isCaptured(aws: Aws, Bucket: string, id: string): Promise<boolean> {
  const list = new ListObjectsV2Command({ Bucket, Prefix: prefixes.dataCapture });
  const { Contents = [] } = await aws.s3().send(list);
  for (const { Key } of Contents) {
    if ((await readText(aws, { Bucket, Key: Key as string }))?.includes(`"${id}"`)) return true;
  }
  return false;
}

import { objectArn } from "../arns";
import { type Jsonata, joined, jsonata } from "../asl/jsonata";
import type { TaskState } from "../asl/states";
import { catchAll } from "../failures";
import { allow, allowKey, type PolicyStatement } from "../iam";
import { prefixes } from "../prefixes";
import type { Workflow, WorkflowSettings } from "../settings";
import { artifactUrl, executionTags, type Step, sdkTask } from "../step";

/**
 * Copies the code to the execution's own folder.
 *
 * A deploy replaces the code's objects; an execution keeps its copy to the end, which also documents what ran.
 */
export function pinCodeStep(
  workflow: Workflow,
  next: string,
  keys: readonly string[] = codeKeys(workflow.settings),
): Step {
  return {
    states: {
      PinCode: {
        Type: "Map",
        Items: keys,
        ItemProcessor: {
          ProcessorConfig: { Mode: "INLINE" },
          StartAt: "CopyCode",
          States: { CopyCode: copyCode(workflow) },
        },
        Catch: [catchAll("PinCode", "PreparationFailed")],
        Next: next,
      },
    },
    policyStatements: permissions(workflow, keys),
  };
}

/** Keys of the folders of code, without duplicates. */
function codeKeys({ processing, training, inference, comparison }: WorkflowSettings): string[] {
  const scripts = [processing, training, inference, ...(comparison === undefined ? [] : [comparison])];
  return [...new Set(scripts.map(({ codeKey }) => codeKey))];
}

function copyCode(workflow: Workflow): TaskState {
  const { bucketName } = workflow.references;
  const tags = executionTags(workflow).map(
    ({ Key, Value }) => jsonata`${`${Key}=`} & $encodeUrlComponent(${Value})`,
  );
  return sdkTask(workflow, "s3", "copyObject", {
    Arguments: {
      Bucket: bucketName,
      CopySource: jsonata`${`${bucketName}/`} & $states.input`,
      Key: pinnedKey(jsonata`$states.input`),
      TaggingDirective: "REPLACE",
      Tagging: joined(tags, ' & "&" & '),
    },
    End: true,
  });
}

function permissions({ references }: Workflow, keys: readonly string[]): PolicyStatement[] {
  const { bucketName } = references;
  return [
    allow(
      ["s3:GetObject"],
      keys.map((key) => objectArn(references, bucketName, key)),
    ),
    allow(
      ["s3:PutObject", "s3:PutObjectTagging"],
      [objectArn(references, bucketName, `${prefixes.executionCode}*`)],
    ),
    ...allowKey(references.kmsKeyArn, ["kms:Decrypt", "kms:GenerateDataKey"]),
  ];
}

/** JSONata: the address of the execution's own copy of the code under `codeKey`. */
export function pinnedCodeUrl(workflow: Workflow, codeKey: string): Jsonata {
  return artifactUrl(workflow, pinnedKey(codeKey));
}

/** JSONata: the key of the copy of the object `key`, text or JSONata. */
function pinnedKey(key: string): Jsonata {
  const name = jsonata`$substring(${key}, ${prefixes.code.length})`;
  return jsonata`${prefixes.executionCode} & $executionFolder & "/" & ${name}`;
}

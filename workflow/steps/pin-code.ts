import { objectArn } from "../arns";
import { s3Retry } from "../asl/retries";
import { jsonata, literal } from "../asl/states";
import { catchAll } from "../failures";
import { allow, allowKey } from "../iam";
import { prefixes, type Workflow } from "../settings";
import { artifactUrl, executionTags, type Step, sdkCall, source } from "../step";

/**
 * Copies the code to a folder of the execution's own.
 *
 * A deploy replaces the code's objects; what an execution has copied it keeps to its end, and shows afterwards what ran.
 */
export function pinCodeStep(workflow: Workflow, next: string): Step {
  const { settings, references } = workflow;
  const keys = [
    ...new Set(
      [settings.processing, settings.training, settings.inference, settings.comparison].flatMap((script) =>
        script === undefined ? [] : [script.codeKey],
      ),
    ),
  ];
  const { bucketName } = references;
  return {
    states: {
      PinCode: {
        Type: "Map",
        Items: keys,
        ItemProcessor: {
          ProcessorConfig: { Mode: "INLINE" },
          StartAt: "CopyCode",
          States: {
            CopyCode: {
              Type: "Task",
              Resource: sdkCall(workflow, "s3", "copyObject"),
              Arguments: {
                Bucket: bucketName,
                CopySource: jsonata(`${literal(`${bucketName}/`)} & $states.input`),
                Key: jsonata(pinnedKey("$states.input")),
                TaggingDirective: "REPLACE",
                Tagging: jsonata(
                  executionTags(workflow)
                    .map(({ Key, Value }) => `${literal(`${Key}=`)} & $encodeUrlComponent(${source(Value)})`)
                    .join(' & "&" & '),
                ),
              },
              TimeoutSeconds: 60,
              Retry: s3Retry,
              End: true,
            },
          },
        },
        Catch: [catchAll("PinCode", "PreparationFailed")],
        Next: next,
      },
    },
    policyStatements: [
      allow(
        ["s3:GetObject"],
        keys.map((key) => objectArn(workflow.references, bucketName, key)),
      ),
      allow(
        ["s3:PutObject", "s3:PutObjectTagging"],
        [objectArn(workflow.references, bucketName, `${prefixes.executionCode}*`)],
      ),
      ...allowKey(references.kmsKeyArn, ["kms:Decrypt", "kms:GenerateDataKey"]),
    ],
  };
}

/** JSONata: the address of the execution's own copy of the code under `codeKey`. */
export function pinnedCodeUrl(workflow: Workflow, codeKey: string): string {
  return artifactUrl(workflow, pinnedKey(literal(codeKey)));
}

function pinnedKey(key: string): string {
  const name = `$substring(${key}, ${prefixes.code.length})`;
  return `${literal(prefixes.executionCode)} & $executionFolder & "/" & ${name}`;
}

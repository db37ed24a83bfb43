import { jsonata, literal, otherwise } from "../asl";
import { catchAll, failState } from "../failures";
import { allow } from "../iam";
import { baseName } from "../names";
import { s3Retry, sageMakerRetry } from "../retries";
import { arn, prefixes, type Workflow } from "../settings";
import { type Step, sdkCall } from "../step";

const maxLooks = 60;

/**
 * Reads the model package version that is to be released: is it complete, approved, and its artifact still there?
 *
 * Reads the variables `modelPackageArn` and `looks`, which starts at 0.
 */
export function packageStep(workflow: Workflow, next: string): Step {
  const { settings, references } = workflow;
  const artifactKey = `$substringAfter($package.modelDataUrl, ${literal(`s3://${references.bucketName}/`)})`;
  return {
    states: {
      ReadPackage: {
        Type: "Task",
        Resource: sdkCall(workflow, "sagemaker", "describeModelPackage"),
        Arguments: { ModelPackageName: jsonata("$modelPackageArn") },
        Assign: {
          package: jsonata(`{
            "version": $states.result.ModelPackageVersion,
            "status": $states.result.ModelPackageStatus,
            "approval": $states.result.ModelApprovalStatus,
            "measured": $exists($states.result.ModelMetrics.ModelQuality.Statistics.S3Uri),
            "modelDataUrl": $states.result.InferenceSpecification.Containers[0].ModelDataUrl,
            "environment": $states.result.InferenceSpecification.Containers[0].Environment,
            "created": $string($states.result.CreationTime)
          }`),
          looks: jsonata("$looks + 1"),
        },
        TimeoutSeconds: 60,
        Retry: sageMakerRetry,
        Catch: [catchAll("ReadPackage", "PackageUnusable")],
        Next: "PackageReady",
      },
      PackageReady: {
        Type: "Choice",
        Choices: [
          {
            Condition: jsonata("$package.measured = false"),
            Assign: {
              failure: jsonata(`{
                "state": "PackageReady",
                "reason": $modelPackageArn & " has no model quality metrics: nobody can have judged it"
              }`),
            },
            Next: "PackageUnusable",
          },
          {
            Condition: jsonata('$package.status = "Completed" and $package.approval = "Approved"'),
            Next: "FindArtifact",
          },
          {
            Condition: jsonata(`$package.status in ["Pending", "InProgress"] and $looks < ${maxLooks}`),
            Next: "WaitForPackage",
          },
          otherwise(
            {
              failure: jsonata(`{
            "state": "PackageReady",
            "reason": $modelPackageArn & " is " & $package.status & " and " & $package.approval & ", not Completed and Approved"
          }`),
            },
            "PackageUnusable",
          ),
        ],
      },
      WaitForPackage: { Type: "Wait", Seconds: 5, Next: "ReadPackage" },
      FindArtifact: {
        Type: "Task",
        Comment: "A model whose artifact is gone is found here, not by an endpoint after minutes.",
        Resource: sdkCall(workflow, "s3", "listObjectsV2"),
        Arguments: { Bucket: references.bucketName, Prefix: jsonata(artifactKey), MaxKeys: 1 },
        Assign: { artifacts: jsonata("$states.result.KeyCount") },
        TimeoutSeconds: 60,
        Retry: s3Retry,
        Catch: [catchAll("FindArtifact", "PackageUnusable")],
        Next: "ArtifactFound",
      },
      ArtifactFound: {
        Type: "Choice",
        Choices: [
          { Condition: jsonata("$artifacts > 0"), Next: next },
          otherwise(
            {
              failure: jsonata(
                '{"state": "FindArtifact", "reason": "The artifact " & $package.modelDataUrl & " is gone"}',
              ),
            },
            "PackageUnusable",
          ),
        ],
      },
      PackageUnusable: failState("PackageUnusable", '$merge([$failure, {"package": $modelPackageArn}])'),
    },
    policyStatements: [
      allow(
        ["sagemaker:DescribeModelPackage"],
        [arn(workflow, "sagemaker", `model-package/${baseName(settings)}/*`)],
      ),
      allow(["s3:ListBucket"], [`arn:${references.partition}:s3:::${references.bucketName}`], {
        conditions: { StringLike: { "s3:prefix": `${prefixes.modelArtifacts}*` } },
      }),
    ],
  };
}

import { sdkTask } from "../../workflow/step";
import { workflow } from "../fixtures";

describe("a call through the SDK integration", () => {
  it("has a minute, and its service's retries", () => {
    const task = sdkTask(workflow(), "s3", "headObject", { Arguments: { Bucket: "b" }, Next: "Then" });
    expect(task).toEqual({
      Type: "Task",
      Resource: "arn:aws:states:::aws-sdk:s3:headObject",
      TimeoutSeconds: 60,
      Retry: [expect.objectContaining({ ErrorEquals: ["S3.S3Exception", "S3.SdkClientException"] })],
      Arguments: { Bucket: "b" },
      Next: "Then",
    });
  });

  it("has what its state says instead", () => {
    const task = sdkTask(workflow(), "sagemaker", "listTags", {
      Arguments: {},
      TimeoutSeconds: 5,
      Retry: undefined,
      End: true,
    });
    expect(JSON.parse(JSON.stringify(task))).toEqual({
      Type: "Task",
      Resource: "arn:aws:states:::aws-sdk:sagemaker:listTags",
      TimeoutSeconds: 5,
      Arguments: {},
      End: true,
    });
  });
});

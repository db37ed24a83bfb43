import { sageMakerRetry, sdkRetries } from "../../../workflow/asl/retries";

const retried = (retriers: readonly { readonly ErrorEquals: readonly string[] }[]) =>
  retriers.flatMap(({ ErrorEquals }) => ErrorEquals);

it("calls of the SDK integration are made again after a fault of the connection", () => {
  expect(retried(sdkRetries.sagemaker)).toContain("SageMaker.SdkClientException");
  expect(retried(sdkRetries.s3)).toContain("S3.SdkClientException");
  expect(retried(sdkRetries.applicationautoscaling)).toContain("ApplicationAutoScaling.SdkClientException");
});

it("a registration is tried again after another one of the same group", () => {
  expect(retried(sageMakerRetry)).toContain("SageMaker.ConflictException");
});

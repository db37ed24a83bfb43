import { progressLine } from "../../../cli/terraform/progress";

const lifecycle =
  "aws_s3_bucket_lifecycle_configuration.Workflow_Artifacts_Lifecycle_C03F (Workflow/Artifacts/Lifecycle)";

it.each([
  [`dev-pipeline  ${lifecycle}: Creating...`, "  Workflow/Artifacts/Lifecycle: Creating..."],
  [
    `              ${lifecycle}: Creation complete after 53s [id=housing-dev-1]`,
    "  Workflow/Artifacts/Lifecycle: Creation complete after 53s",
  ],
  // In lower case, unlike the lines around it.
  [
    `dev-pipeline  ${lifecycle}: Still creating... [10s elapsed]`,
    "  Workflow/Artifacts/Lifecycle: Still creating... [10s elapsed], until the rules have settled, about a minute",
  ],
  [
    "dev-pipeline  aws_iam_role.Workflow_Role_1 (Workflow/Role): Still destroying... [id=r, 10s elapsed]",
    "  Workflow/Role: Still destroying... [id=r, 10s elapsed]",
  ],
  ["dev-pipeline  Initializing the backend...", "dev-pipeline: initializing"],
  [
    "              Plan: 35 to add, 0 to change, 0 to destroy.",
    "Plan: 35 to add, 0 to change, 0 to destroy.",
  ],
  [
    "dev-pipeline  Apply complete! Resources: 35 added, 0 changed, 0 destroyed.",
    "dev-pipeline  Apply complete! Resources: 35 added, 0 changed, 0 destroyed.",
  ],
])("shows %s", (line, shown) => {
  expect(progressLine(line)).toBe(shown);
});

it.each([
  "dev-pipeline  data.aws_caller_identity.Workflow_Account_DABC0816 (Workflow/Account): Reading...",
  "              # aws_iam_role.Workflow_Role will be created",
  "0 Stacks deploying     0 Stacks done     2 Stacks waiting",
])("leaves out %s", (line) => {
  expect(progressLine(line)).toBeUndefined();
});

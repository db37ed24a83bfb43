import { auditText } from "../../../cli/emulator/audit-text";

it("lists what each role used, and what it was denied", () => {
  const use = { resource: "arn:aws:s3:::b/k", allowed: 2, denied: 0 };
  const roles = [
    {
      name: "housing-local-sagemaker-1",
      uses: [
        { ...use, action: "s3:GetObject" },
        { ...use, action: "s3:PutObject", allowed: 0, denied: 1 },
      ],
    },
  ];
  expect(auditText({ roles }).split("\n")).toEqual([
    "housing-local-sagemaker-1",
    "  s3:GetObject                         arn:aws:s3:::b/k  2",
    "  s3:PutObject                         arn:aws:s3:::b/k  0, denied 1 times",
  ]);
  expect(auditText({ roles: [] })).toBe("No role has sent a request yet.");
});

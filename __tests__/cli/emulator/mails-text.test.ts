import { mailsText } from "../../../cli/emulator/mails-text";

const mail = {
  to: "ml-team@example.com",
  topic: "arn:aws:sns:us-east-1:123456789012:housing-local-notifications",
  subject: "[housing local] Model version 1 waits for approval",
  text: "Gate: test_r2 is 0.8123, greater than 0.75\n",
  sentAt: "2026-11-05T12:34:56.000+00:00",
};

it("shows emails in the order in which they would have been sent", () => {
  expect(mailsText({ mails: [mail, { ...mail, subject: "second" }] })).toBe(
    [
      "To: ml-team@example.com",
      "Date: 2026-11-05T12:34:56.000+00:00",
      "Subject: [housing local] Model version 1 waits for approval",
      "",
      "Gate: test_r2 is 0.8123, greater than 0.75",
      "",
      "---",
      "",
      "To: ml-team@example.com",
      "Date: 2026-11-05T12:34:56.000+00:00",
      "Subject: second",
      "",
      "Gate: test_r2 is 0.8123, greater than 0.75",
    ].join("\n"),
  );
});

it("says what sends emails while there is none", () => {
  expect(mailsText({ mails: [] })).toContain("npm run deploy -- local");
});

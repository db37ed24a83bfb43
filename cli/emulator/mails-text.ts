import { z } from "zod";

/** What the emulator returns as `GET /_emulator/mails`, the newest last. */
export const mailsSchema = z.object({
  mails: z.array(
    z.object({
      to: z.string(),
      topic: z.string(),
      subject: z.string(),
      text: z.string(),
      sentAt: z.string(),
    }),
  ),
});

/** Formats the emails as text. */
export function mailsText({ mails }: z.output<typeof mailsSchema>): string {
  if (mails.length === 0) {
    return "No email yet. Deploys with notifications send some: npm run deploy -- local (docs/notifications.md)";
  }
  return mails
    .map(({ to, subject, text, sentAt }) =>
      [`To: ${to}`, `Date: ${sentAt}`, `Subject: ${subject}`, "", text.trimEnd()].join("\n"),
    )
    .join("\n\n---\n\n");
}
